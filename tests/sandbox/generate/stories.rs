//! Sequences that make sense: what single statements, drawn by chance, would hardly ever come to.

use super::Writer;
use super::text::{disguised, filled};

impl Writer {
    /// One of them, told by one client, if often not to the end; now and then somebody else interrupts.
    pub(super) fn story(&mut self) {
        let client = self.client;
        let stories: Vec<&str> = STORIES.split("\n\n").collect();
        for line in self.random.pick::<&str>(&stories).lines() {
            if self.random.chance(1, 20) {
                return;
            }
            if self.random.chance(1, 10) {
                self.client = self.random.between(1, self.clients);
                self.one();
                self.client = client;
            }
            if self.random.chance(1, 15) {
                self.one();
            }
            let sql = filled(&mut self.random, line);
            match self.random.below(5) {
                0 => self.by_extended(sql),
                _ => {
                    let sql = disguised(&mut self.random, &sql);
                    self.query(sql);
                }
            }
        }
    }
}

/// Separated by empty lines.
const STORIES: &str = include_str!("stories.txt");
