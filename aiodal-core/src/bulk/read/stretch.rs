//! When records are left to the server in a row, instead of trying each.

/// The first stretch, in bytes. To end one COPY and begin another costs as much time as the server takes to parse a third
/// of it.
const FIRST: usize = 64 << 10;

/// The longest.
const MOST: usize = 4 << 20;

/// Decides how long records are sent as they are after one that had to be.
///
/// Stretches double when the next such record comes soon after one, and are short again when it doesn't.
#[derive(Debug, Default)]
pub(super) struct Stretch {
    length: usize,
    left: usize,
    /// How many bytes have been sent in binary since the last stretch.
    since: usize,
}

impl Stretch {
    /// Whether the next record is left to the server untried.
    pub(super) fn is_plain(&self) -> bool {
        self.left > 0
    }

    /// A record had to be left to the server.
    pub(super) fn begin(&mut self) {
        self.length = if self.length > 0 && self.since < self.length {
            (self.length * 2).min(MOST)
        } else {
            FIRST
        };
        self.left = self.length;
        self.since = 0;
    }

    /// A record was sent as it is.
    pub(super) fn plain(&mut self, bytes: usize) {
        self.left = self.left.saturating_sub(bytes);
    }

    /// A record was sent in binary.
    pub(super) fn binary(&mut self, bytes: usize) {
        self.since = self.since.saturating_add(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length_after(stretch: &mut Stretch, binary: usize) -> usize {
        stretch.binary(binary);
        stretch.begin();
        let mut length = 0;
        while stretch.is_plain() {
            stretch.plain(1 << 10);
            length += 1 << 10;
        }
        length
    }

    #[test]
    fn stretches_double_while_deferrals_come_often_and_are_short_again_when_rare() {
        let mut stretch = Stretch::default();
        assert!(!stretch.is_plain());
        assert_eq!(length_after(&mut stretch, 10 * FIRST), FIRST);
        assert_eq!(length_after(&mut stretch, 10), 2 * FIRST);
        assert_eq!(length_after(&mut stretch, 10), 4 * FIRST);
        assert_eq!(length_after(&mut stretch, 4 * FIRST), FIRST);
        for _ in 0..10 {
            assert!(length_after(&mut stretch, 0) <= MOST);
        }
    }
}
