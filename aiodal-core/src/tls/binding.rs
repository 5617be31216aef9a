//! The hash of a server's certificate that binds a SCRAM exchange to its TLS session (`tls-server-end-point`, RFC 5929, 4.1).

use sha2::{Digest, Sha256, Sha384, Sha512};

/// Hashes the certificate with the function that its signature uses, where MD5 and SHA-1 become SHA-256.
///
/// `None` where that is not defined, for Ed25519 for instance: there is then no channel binding.
pub(super) fn server_end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    match hash_function(certificate)? {
        Hash::Sha256 => Some(Sha256::digest(certificate).to_vec()),
        Hash::Sha384 => Some(Sha384::digest(certificate).to_vec()),
        Hash::Sha512 => Some(Sha512::digest(certificate).to_vec()),
    }
}

enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

/// Object identifiers in DER, without tag and length (RFC 8017, appendix A.2; RFC 5758, 3.2).
const PKCS1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
const ECDSA_SHA1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01];
const ECDSA_SHA2: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03];
const SHA2: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02];

/// Reads the signature algorithm: the second of the three parts of a certificate (RFC 5280, 4.1).
fn hash_function(certificate: &[u8]) -> Option<Hash> {
    let mut parts = Der(Der(certificate).next(SEQUENCE)?);
    parts.next(SEQUENCE)?;
    let mut algorithm = Der(parts.next(SEQUENCE)?);
    let id = algorithm.next(OBJECT_IDENTIFIER)?;
    match id.split_last()? {
        // With MD5, SHA-1 and SHA-256.
        (4 | 5 | 11, PKCS1) | (2, ECDSA_SHA2) => Some(Hash::Sha256),
        (12, PKCS1) => Some(Hash::Sha384),
        (13, PKCS1) => Some(Hash::Sha512),
        // RSASSA-PSS names its hash function in its parameters.
        (10, PKCS1) => {
            let mut parameters = Der(algorithm.next(SEQUENCE)?);
            // Left out, it is SHA-1.
            let Some(function) = parameters.next(CONTEXT_0) else {
                return Some(Hash::Sha256);
            };
            match Der(Der(function).next(SEQUENCE)?)
                .next(OBJECT_IDENTIFIER)?
                .split_last()?
            {
                (1, SHA2) => Some(Hash::Sha256),
                (2, SHA2) => Some(Hash::Sha384),
                (3, SHA2) => Some(Hash::Sha512),
                _ => None,
            }
        }
        _ if id == ECDSA_SHA1 => Some(Hash::Sha256),
        (3, ECDSA_SHA2) => Some(Hash::Sha384),
        (4, ECDSA_SHA2) => Some(Hash::Sha512),
        _ => None,
    }
}

const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;
const CONTEXT_0: u8 = 0xa0;

/// What is left of a run of DER values.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// Takes the next value's content off if it has the tag.
    fn next(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (&found, rest) = self.0.split_first()?;
        if found != tag {
            return None;
        }
        let (&first, rest) = rest.split_first()?;
        // Below 128 a length stands for itself; else its low bits count the bytes that hold it.
        let (length, rest) = match usize::from(first) {
            short @ ..0x80 => (short, rest),
            long => {
                let (bytes, rest) = rest.split_at_checked(long & 0x7f)?;
                let length = bytes.iter().try_fold(0usize, |length, byte| {
                    length.checked_mul(256)?.checked_add(usize::from(*byte))
                })?;
                (length, rest)
            }
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82], &length[..], content].concat()
    }

    /// A certificate as far as it matters here.
    fn certificate(algorithm: &[u8]) -> Vec<u8> {
        let body = der(SEQUENCE, &[0x02; 300]);
        let parts = [body, der(SEQUENCE, algorithm), der(0x03, &[0; 64])].concat();
        der(SEQUENCE, &parts)
    }

    fn length(algorithm: &[u8]) -> Option<usize> {
        server_end_point(&certificate(algorithm)).map(|hash| hash.len())
    }

    #[test]
    fn hash_is_that_of_the_signature_and_sha256_for_the_weak() {
        let id = |prefix: &[u8], last: u8| der(OBJECT_IDENTIFIER, &[prefix, &[last]].concat());
        assert_eq!(length(&id(PKCS1, 5)), Some(32));
        assert_eq!(length(&id(PKCS1, 11)), Some(32));
        assert_eq!(length(&id(PKCS1, 13)), Some(64));
        assert_eq!(length(&der(OBJECT_IDENTIFIER, ECDSA_SHA1)), Some(32));
        assert_eq!(length(&id(ECDSA_SHA2, 3)), Some(48));
        // Ed25519
        assert_eq!(length(&der(OBJECT_IDENTIFIER, &[0x2b, 0x65, 0x70])), None);
    }

    #[test]
    fn pss_names_its_hash_in_its_parameters() {
        let id = der(OBJECT_IDENTIFIER, &[PKCS1, &[10]].concat());
        let hash = der(OBJECT_IDENTIFIER, &[SHA2, &[2]].concat());
        let parameters = der(SEQUENCE, &der(CONTEXT_0, &der(SEQUENCE, &hash)));
        assert_eq!(length(&[id.clone(), parameters].concat()), Some(48));
        assert_eq!(length(&[id, der(SEQUENCE, &[])].concat()), Some(32));
    }

    #[test]
    fn garbage_has_no_hash() {
        for garbage in [
            &[][..],
            &[0x30],
            &[0x30, 0x84, 0xff],
            &[0x30, 0x89, 1],
            &[0xff; 40],
        ] {
            assert_eq!(server_end_point(garbage), None);
        }
    }
}
