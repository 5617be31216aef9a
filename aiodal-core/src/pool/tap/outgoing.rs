//! What the driver sends: a COPY from the client is to have one Sync, and the driver sends two.
//!
//! tokio-postgres sends Bind, Execute, Sync, the data, and a second Sync. A server that takes the data ignores the first.
//! One that refuses the COPY before it has read so far answers both, and the driver has lost count of its answers: each
//! statement to come would be given that of the one before. So the first Sync is sent as a Flush, to which the server
//! replies with what it has to say, and which it ignores in the middle of a COPY; the second one is answered once,
//! whatever has become of the COPY (PostgreSQL manual, "Extended Query" and "COPY Operations").

use super::frames::Frames;
use super::watch::Watch;

/// What is sent in place of a Sync; it is as long.
pub(super) const FLUSH: &[u8] = b"H\0\0\0\x04";

/// How far the driver's messages have been sent.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    place: Place,
    /// The names of statements that are a COPY from the client, until they are closed.
    copies: Vec<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Place {
    frames: Frames,
    /// Whether the next Sync is that of a COPY which has just been sent.
    copying: bool,
}

/// How much of what the driver sends can be sent as it is.
#[derive(Debug)]
pub(super) struct Stretch {
    pub(super) length: usize,
    /// The place behind it.
    after: Place,
}

impl Outgoing {
    /// What is sent first is so long, and has no header.
    pub(super) fn begins(&mut self, length: usize) {
        self.place.frames.skip(length);
    }

    /// Returns how much of `bytes` can be sent as it is: all, or less if there is a Sync in it that is to be a Flush.
    pub(super) fn stretch(&mut self, bytes: &[u8], watch: &Watch) -> Stretch {
        let mut after = self.place;
        let length = after.follow(bytes, bytes, &mut self.copies, watch);
        Stretch { length, after }
    }

    /// So much of the stretch, which was the beginning of `bytes`, has been sent.
    pub(super) fn sent(&mut self, bytes: &[u8], length: usize, stretch: &Stretch, watch: &Watch) {
        if length == stretch.length {
            self.place = stretch.after;
        } else {
            let sent = &bytes[..length];
            self.place.follow(sent, bytes, &mut self.copies, watch);
        }
    }

    /// The Sync that ended the last stretch has been replaced.
    pub(super) fn replaced(&mut self) {
        self.place.copying = false;
    }
}

impl Place {
    /// Goes through `bytes`, which are the beginning of `all`: a message's header may be sent without its body.
    fn follow(
        &mut self,
        bytes: &[u8],
        all: &[u8],
        copies: &mut Vec<Vec<u8>>,
        watch: &Watch,
    ) -> usize {
        let copying = &mut self.copying;
        self.frames.follow(bytes, |tag, at| {
            match tag {
                b'S' => return !*copying,
                b'P' if watch.is_expecting() => {
                    if let Some((name, sql)) = body(&all[at..]).and_then(strings)
                        && watch.expects(sql)
                        && !copies.iter().any(|copy| copy == name)
                    {
                        copies.push(name.to_vec());
                    }
                }
                b'B' if !copies.is_empty() => {
                    let bound = body(&all[at..]).and_then(strings);
                    *copying =
                        bound.is_some_and(|(_, name)| copies.iter().any(|copy| copy == name));
                }
                // It names a statement behind an `S`.
                b'C' if !copies.is_empty() => {
                    if let Some(([b'S', name @ ..], _)) = body(&all[at..]).and_then(strings) {
                        copies.retain(|copy| copy != name);
                    }
                }
                _ => {}
            }
            true
        })
    }
}

/// The body of the message that `bytes` begin with. The driver hands each message over in one piece.
fn body(bytes: &[u8]) -> Option<&[u8]> {
    let (header, rest) = bytes.split_at_checked(5)?;
    let length = u32::from_be_bytes(header[1..].try_into().ok()?) as usize;
    rest.get(..length.checked_sub(4)?)
}

/// The two strings that it begins with, the second of which may be missing.
fn strings(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut strings = body.splitn(3, |byte| *byte == 0);
    Some((strings.next()?, strings.next()?))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn message(tag: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).expect("it is short");
        [&[tag], length.to_be_bytes().as_slice(), body].concat()
    }

    const SQL: &str = "copy t from stdin";

    /// What the driver sends for two COPYs from the client and a query between them.
    fn conversation() -> Vec<u8> {
        let parse =
            |name: &str, sql: &str| message(b'P', format!("{name}\0{sql}\0\0\0").as_bytes());
        let bind = |name: &str| message(b'B', format!("\0{name}\0\0\0\0\0\0\x01\0\x01").as_bytes());
        let describe = message(b'D', b"Ss1\0");
        let execute = message(b'E', b"\0\0\0\0\0");
        let sync = message(b'S', b"");
        [
            parse("s1", SQL),
            describe,
            sync.clone(),
            bind("s1"),
            execute.clone(),
            sync.clone(),
            message(b'd', b"S\0\0\0\x04"),
            message(b'c', b""),
            sync.clone(),
            parse("s2", "select 1"),
            bind("s2"),
            execute.clone(),
            sync.clone(),
            bind("s1"),
            execute.clone(),
            sync.clone(),
            message(b'f', b"\0"),
            sync.clone(),
            message(b'C', b"Ss1\0"),
            sync.clone(),
            bind("s1"),
            execute,
            sync,
        ]
        .concat()
    }

    /// Sends all of it, so many bytes at a time, and returns what came out.
    fn sent(outgoing: &mut Outgoing, watch: &Watch, all: &[u8], size: usize) -> Vec<u8> {
        let mut out = Vec::new();
        let mut rest = all;
        while !rest.is_empty() {
            let stretch = outgoing.stretch(rest, watch);
            let length = stretch.length.min(size);
            if stretch.length == 0 {
                out.extend_from_slice(FLUSH);
                outgoing.replaced();
                rest = &rest[FLUSH.len()..];
                continue;
            }
            out.extend_from_slice(&rest[..length]);
            outgoing.sent(rest, length, &stretch, watch);
            rest = &rest[length..];
        }
        out
    }

    fn tags(bytes: &[u8]) -> String {
        let mut tags = String::new();
        let came = Frames::default().follow(bytes, |tag, _| {
            tags.push(char::from(tag));
            true
        });
        assert_eq!(came, bytes.len());
        tags
    }

    #[test]
    fn first_sync_of_a_copy_becomes_a_flush() {
        let watch = Arc::new(Watch::default());
        let _expected = watch.expect(SQL);
        let all = conversation();
        for size in 1..=all.len() {
            let mut outgoing = Outgoing::default();
            let out = sent(&mut outgoing, &watch, &all, size);
            assert_eq!(tags(&out), "PDSBEHdcSPBESBEHfSCSBES", "{size} at a time");
            assert!(outgoing.copies.is_empty());
        }
    }

    #[test]
    fn what_nobody_announced_is_sent_as_it_is() {
        let watch = Arc::new(Watch::default());
        drop(watch.expect(SQL));
        let _another = watch.expect("copy u from stdin");
        let all = conversation();
        let out = sent(&mut Outgoing::default(), &watch, &all, all.len());
        assert!(out == all);
    }
}
