//! What a stock of clones knows: which are ready, which could be adopted, and how many there should be.

use std::collections::BTreeMap;

use crate::template::{FoundClone, State};

/// How much disk spare clones may take, in bytes.
const DISK: u64 = 512 << 20;

/// The clones that nobody has taken yet. Plain data.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    /// Names and numbers of those that this process owns.
    spares: Vec<(String, u32)>,
    /// Those whose owner was gone when this process looked.
    adoptable: Vec<FoundClone>,
    /// What tests have left behind, by test.
    kept: BTreeMap<String, Vec<FoundClone>>,
    /// How many tests have taken one.
    taken: u64,
    /// Whether somebody is making more.
    pub(super) filling: bool,
    /// How much disk a clone takes, once somebody has asked.
    pub(super) bytes: Option<u64>,
}

impl Shelf {
    /// Takes stock of a template's clones as they are on the server; returns those to drop.
    pub(super) fn take_stock(&mut self, found: Vec<FoundClone>, template: &str) -> Vec<FoundClone> {
        // What was owned through a connection that is lost is among what was found.
        self.spares.clear();
        self.adoptable.clear();
        self.kept.clear();
        let mut abandoned = Vec::new();
        for clone in found {
            match &clone.state {
                State::Abandoned => abandoned.push(clone),
                State::Spare if clone.is_of(template) => self.adoptable.push(clone),
                State::Kept(test) if clone.is_of(template) => {
                    self.kept.entry(test.clone()).or_default().push(clone);
                }
                State::Spare | State::Kept(_) | State::Owned => {}
            }
        }
        abandoned
    }

    pub(super) fn put(&mut self, name: String, number: u32) {
        self.spares.push((name, number));
    }

    /// Returns a spare clone of this process.
    pub(super) fn spare(&mut self) -> Option<(String, u32)> {
        self.spares.pop()
    }

    /// Returns a clone that is worth trying to adopt.
    pub(super) fn adoptable(&mut self) -> Option<FoundClone> {
        self.adoptable.pop()
    }

    /// Returns what a test has left behind.
    pub(super) fn kept(&mut self, test: &str) -> Vec<FoundClone> {
        self.kept.remove(test).unwrap_or_default()
    }

    pub(super) fn taken(&mut self) {
        self.taken += 1;
    }

    /// Says whether another spare clone should be made: as many as tests have asked for at a time, as far as is known,
    /// and as the disk allows.
    pub(super) fn wants_more(&self, tests_at_a_time: u32) -> bool {
        let bytes = self.bytes.unwrap_or(0).max(1);
        let most = u64::from(tests_at_a_time).min(self.taken).min(DISK / bytes);
        ((self.spares.len() + self.adoptable.len()) as u64) < most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spares_are_as_many_as_tests_have_asked_for_and_the_disk_allows() {
        let mut shelf = Shelf::default();
        assert!(!shelf.wants_more(8), "nobody has asked");
        shelf.taken();
        assert!(shelf.wants_more(8));
        shelf.put("aiodal_a_b_d1".to_owned(), 1);
        assert!(!shelf.wants_more(8), "one test at a time, so far");
        shelf.taken();
        shelf.taken();
        assert!(!shelf.wants_more(1), "libtest runs one at a time");
        assert!(shelf.wants_more(8));
        shelf.bytes = Some(DISK);
        assert!(!shelf.wants_more(8), "one fills the disk");
        shelf.spare().unwrap();
        assert!(shelf.wants_more(8));
        shelf.bytes = Some(DISK + 1);
        assert!(!shelf.wants_more(8), "not one fits");
    }
}
