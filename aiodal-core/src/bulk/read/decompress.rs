//! Decompression: what a source is compressed with is seen by its first bytes.

use std::io::{self, BufRead, Read};

#[cfg(feature = "gzip")]
mod gzip;

/// The first bytes that tell everything apart which is recognised.
pub(super) const MAGIC: usize = 10;

/// How a source is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    Gzip,
    Zstd,
    /// With something that is not read here: its name, and the command that undoes it.
    Other(&'static str, &'static str),
}

impl Compression {
    /// Recognises it by the bytes that a source begins with.
    pub(super) fn of(magic: &[u8]) -> Option<Compression> {
        Some(match magic {
            [0x1f, 0x8b, ..] => Compression::Gzip,
            // The second is a frame to be skipped; parallel compressors begin with one (RFC 8878, 3.1.2).
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Compression::Zstd,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Compression::Other("xz", "xz -dc"),
            [0x04, 0x22, 0x4d, 0x18, ..] => Compression::Other("lz4", "lz4 -dc"),
            [b'P', b'K', 3, 4, ..] => Compression::Other("zip", "unzip -p"),
            [
                b'B',
                b'Z',
                b'h',
                b'1'..=b'9',
                0x31,
                0x41,
                0x59,
                0x26,
                0x53,
                0x59,
                ..,
            ] => Compression::Other("bzip2", "bzip2 -dc"),
            _ => return None,
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
            Compression::Other(name, _) => name,
        }
    }

    /// Returns what reads it; an error says what is missing, and what to do.
    pub(super) fn reader(self, stored: Box<dyn BufRead>) -> Result<Box<dyn Read>, Unreadable> {
        match self {
            #[cfg(feature = "gzip")]
            Compression::Gzip => Ok(Box::new(gzip::Members::new(stored))),
            #[cfg(feature = "zstd")]
            Compression::Zstd => zstd::stream::read::Decoder::with_buffer(stored)
                .map(|decoder| Box::new(decoder) as Box<dyn Read>)
                .map_err(Unreadable::Failed),
            #[cfg(not(feature = "gzip"))]
            Compression::Gzip => Err(without_feature("gzip", "gzip -dc", stored)),
            #[cfg(not(feature = "zstd"))]
            Compression::Zstd => Err(without_feature("zstd", "zstd -dc", stored)),
            Compression::Other(name, command) => {
                drop(stored);
                Err(Unreadable::Refused(format!(
                    "it is compressed with {name}, which isn't read here; decompress it first: `{command}`"
                )))
            }
        }
    }
}

/// Why compressed data are not read.
#[derive(Debug)]
pub(super) enum Unreadable {
    Refused(String),
    #[cfg_attr(
        not(feature = "zstd"),
        expect(dead_code, reason = "the others can't fail so early")
    )]
    Failed(io::Error),
}

#[cfg(not(all(feature = "gzip", feature = "zstd")))]
fn without_feature(feature: &str, command: &str, stored: Box<dyn BufRead>) -> Unreadable {
    drop(stored);
    Unreadable::Refused(format!(
        "it is compressed with {feature}, and aiodal was built without the feature `{feature}`; enable it, or decompress \
         the source first: `{command}`"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compression_is_seen_by_the_first_bytes() {
        let of = |bytes: &[u8]| Compression::of(bytes).map(Compression::name);
        assert_eq!(of(b"\x1f\x8b\x08\0"), Some("gzip"));
        assert_eq!(of(b"\x28\xb5\x2f\xfd"), Some("zstd"));
        assert_eq!(of(b"\x50\x2a\x4d\x18"), Some("zstd"));
        assert_eq!(of(b"BZh91AY&SY"), Some("bzip2"));
        assert_eq!(of(b"BZh9,the,CSV"), None);
        assert_eq!(of(b"id,name\n1"), None);
        assert_eq!(of(b""), None);
    }
}
