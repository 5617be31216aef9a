//! The statements of a test, as many as are worth showing: the first few and the last.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use aiodal_core::{Outcome, Started};

/// How many of the first statements are kept: what a test begins with.
const FIRST: usize = 8;

/// How many of the last statements are kept: what it failed of.
const LAST: usize = 32;

/// How much of a statement is kept, in bytes.
const LONGEST: usize = 4000;

/// The statements of a test: the first few and the last.
#[derive(Debug, Default)]
pub(crate) struct History {
    first: Vec<Entry>,
    /// Numbered without gaps.
    last: VecDeque<Entry>,
    count: u64,
}

/// One statement.
#[derive(Debug)]
pub(crate) struct Entry {
    /// From 1, in the order of being sent.
    pub(crate) number: u64,
    pub(crate) sql: String,
    /// As `$1 = .., $2 = ..`; empty if there are none or nobody wants them.
    pub(crate) params: String,
    /// How many savepoints it is behind.
    pub(crate) depth: u32,
    pub(crate) since: Instant,
    pub(crate) end: End,
}

/// How a statement ended.
#[derive(Debug)]
pub(crate) enum End {
    /// It has not, or nobody waited for it.
    None,
    /// It was sent without waiting for an answer.
    Queued,
    /// It returned or affected so many rows, if it was one that counts them.
    Rows(Duration, Option<u64>),
    Failed(Duration, Failure),
}

/// What a statement failed of.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: Option<String>,
    pub(crate) constraint: Option<String>,
    /// Whether the transaction had failed before.
    pub(crate) follows: bool,
    /// What the server said, with the place in the statement.
    pub(crate) chain: String,
}

impl History {
    /// Notes a statement. Beyond what is kept, the oldest of the last is forgotten, and its memory used again.
    pub(super) fn push(&mut self, statement: &Started<'_>) -> &mut Entry {
        self.count += 1;
        let mut entry = if self.first.len() >= FIRST && self.last.len() >= LAST {
            self.last.pop_front().unwrap_or_else(Entry::empty)
        } else {
            Entry::empty()
        };
        entry.renew(self.count, statement);
        if self.first.len() < FIRST {
            self.first.push(entry);
            self.first.last_mut().expect("it has just been pushed")
        } else {
            self.last.push_back(entry);
            self.last.back_mut().expect("it has just been pushed")
        }
    }

    pub(super) fn find(&mut self, number: u64) -> Option<&mut Entry> {
        let at = |start: u64| usize::try_from(number.checked_sub(start)?).ok();
        match self.last.front() {
            Some(front) if number >= front.number => {
                let index = at(front.number)?;
                self.last.get_mut(index)
            }
            _ => self.first.get_mut(at(1)?),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Returns how many statements there were, those included that are forgotten.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Returns how many statements of the middle are forgotten.
    pub(crate) fn forgotten(&self) -> u64 {
        let kept = self.first.len() + self.last.len();
        self.count - u64::try_from(kept).expect("it is a few dozen")
    }

    pub(crate) fn first(&self) -> &[Entry] {
        &self.first
    }

    pub(crate) fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.first.iter().chain(&self.last)
    }
}

impl Entry {
    fn empty() -> Entry {
        Entry {
            number: 0,
            sql: String::new(),
            params: String::new(),
            depth: 0,
            since: Instant::now(),
            end: End::None,
        }
    }

    fn renew(&mut self, number: u64, statement: &Started<'_>) {
        let sql = statement.sql;
        self.number = number;
        self.sql.clear();
        self.sql.push_str(&sql[..sql.floor_char_boundary(LONGEST)]);
        if sql.len() > LONGEST {
            self.sql.push('…');
        }
        self.params.clear();
        self.depth = statement.depth;
        self.since = statement.at;
        self.end = End::None;
    }

    pub(crate) fn failure(&self) -> Option<&Failure> {
        match &self.end {
            End::Failed(_, failure) => Some(failure),
            End::None | End::Queued | End::Rows(..) => None,
        }
    }
}

impl End {
    pub(super) fn of(took: Duration, outcome: Outcome<'_>) -> End {
        let error = match outcome {
            Outcome::Rows(rows) => return End::Rows(took, rows),
            Outcome::Failed(error) => error,
        };
        let head = error.to_string();
        let whole = format!("{error:#}");
        let chain = whole.strip_prefix(&head).unwrap_or(&whole);
        let failure = Failure {
            code: error.code().map(|code| code.code().to_owned()),
            constraint: error.constraint().map(str::to_owned),
            follows: error.is_failed_transaction(),
            // An error without a cause is one of ours, and all there is to say.
            chain: if chain.is_empty() { &head } else { chain }
                .trim_start_matches('\n')
                .to_owned(),
        };
        End::Failed(took, failure)
    }

    pub(crate) fn took(&self) -> Option<Duration> {
        match self {
            End::None | End::Queued => None,
            End::Rows(took, _) | End::Failed(took, _) => Some(*took),
        }
    }
}
