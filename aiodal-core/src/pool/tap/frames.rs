//! Where the protocol's messages begin: a tag of one byte, and a length of four that counts itself.

/// How long a message's header is: its tag and its length.
const HEADER: usize = 5;

/// A place in a stream of messages, whose bodies it skips (PostgreSQL manual, "Message Formats").
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Frames {
    /// The header as far as it has come, where it came in pieces.
    header: [u8; HEADER],
    have: usize,
    /// How much of the message's body is still to come.
    rest: usize,
}

impl Frames {
    /// Skips what has no header.
    pub(super) fn skip(&mut self, bytes: usize) {
        self.rest = bytes;
    }

    /// Follows the stream through `bytes`, and tells `begins` each message's tag and where in them it begins. Stops before
    /// a message of which that says `false`; returns how far it came.
    pub(super) fn follow(
        &mut self,
        bytes: &[u8],
        mut begins: impl FnMut(u8, usize) -> bool,
    ) -> usize {
        let mut at = 0;
        while at < bytes.len() {
            if self.rest > 0 {
                let skipped = self.rest.min(bytes.len() - at);
                self.rest -= skipped;
                at += skipped;
                continue;
            }
            if self.have == 0 && !begins(bytes[at], at) {
                break;
            }
            let wanted = HEADER - self.have;
            let came = wanted.min(bytes.len() - at);
            self.header[self.have..self.have + came].copy_from_slice(&bytes[at..at + came]);
            self.have += came;
            at += came;
            if self.have == HEADER {
                let [_, length @ ..] = self.header;
                self.have = 0;
                // What is shorter than its own length the driver refuses.
                self.rest = (u32::from_be_bytes(length) as usize).saturating_sub(4);
            }
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &[u8] = b"Z\0\0\0\x05IE\0\0\0\x08\0\0\0\0S\0\0\0\x04d\0\0\0\x06ZE";

    #[test]
    fn messages_are_found_in_pieces_of_any_size() {
        for size in 1..=STREAM.len() {
            let mut frames = Frames::default();
            let mut tags = Vec::new();
            for piece in STREAM.chunks(size) {
                let came = frames.follow(piece, |tag, at| {
                    assert_eq!(piece[at], tag);
                    tags.push(tag);
                    true
                });
                assert_eq!(came, piece.len());
            }
            assert_eq!(tags, b"ZESd", "in pieces of {size}");
        }
    }

    #[test]
    fn it_stops_before_a_message() {
        let mut frames = Frames::default();
        assert_eq!(frames.follow(STREAM, |tag, _| tag != b'S'), 15);
        assert_eq!(frames.follow(&STREAM[15..], |tag, _| tag != b'S'), 0);
        assert_eq!(frames.follow(&STREAM[15..], |_, _| true), 12);
    }

    #[test]
    fn what_has_no_header_is_skipped() {
        let mut frames = Frames::default();
        frames.skip(8);
        let mut tags = Vec::new();
        frames.follow(b"ZZZZZZZZE\0\0\0\x04", |tag, _| {
            tags.push(tag);
            true
        });
        assert_eq!(tags, b"E");
    }
}
