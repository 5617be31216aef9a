//! The prepared statements of one connection.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error, Statement};

/// How many statements a connection keeps, unless told otherwise. Each costs the server some tens of kilobytes.
const CAPACITY: usize = 256;

/// The first OID that is given to a type somebody made: `FirstNormalObjectId` of `access/transam.h`.
const FIRST_OF_USERS: u32 = 16384;

/// The statements that a connection has prepared, by their text.
///
/// A repeated statement then costs one round trip, and no parsing. PostgreSQL refuses a prepared statement whose result
/// has other columns than before ("cached plan must not change result type"); what uses the cache sees to it that
/// nobody meets that error.
///
/// It keeps 256 statements, and of more the ones used last. With a capacity of zero it prepares none that outlives its
/// first use, and remembers the types of parameters instead: that is for poolers that give every transaction another
/// connection, as `PgBouncer` does in its transaction mode.
pub struct Statements {
    capacity: usize,
    /// Guards the map only; two tasks may prepare the same text at once, and the later one is kept.
    cache: Mutex<Cache>,
}

#[derive(Default)]
struct Cache {
    known: HashMap<Box<str>, Entry>,
    /// Counts lookups, to tell which entry was used last.
    clock: u64,
    /// Counts clearings: what was prepared before one is not kept after it.
    generation: u64,
}

struct Entry {
    known: Known,
    used: u64,
}

#[derive(Clone)]
enum Known {
    /// Seen once, and sent in a single round trip without preparing.
    Once,
    Prepared(Arc<Prepared>),
    /// The types of its parameters, where nothing is to stay prepared.
    Types(Arc<[Type]>),
}

/// A statement that the server has parsed.
pub(crate) struct Prepared {
    pub(crate) statement: Statement,
    /// Whether a change of the schema can make it fail: it returns columns, or a parameter's type is somebody's own.
    pub(crate) frail: bool,
    /// The stamp of the lane that has last made sure of it, or is about to.
    pub(crate) stamp: AtomicU64,
}

/// How a statement is to be sent.
pub(crate) enum Plan {
    /// Parsed, bound and executed in one go, with parameters of these types.
    Unnamed(Arc<[Type]>),
    /// Bound by name. Whether it was there already, or has been prepared for this.
    Named {
        prepared: Arc<Prepared>,
        cached: bool,
    },
}

impl Statements {
    /// Makes a cache of so many statements.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Statements {
        Statements {
            capacity,
            cache: Mutex::default(),
        }
    }

    /// Forgets all, and has the server forget them.
    pub fn clear(&self) {
        let mut cache = self.cache();
        cache.generation += 1;
        cache.known.clear();
    }

    /// Forgets one statement, of which it is known that it won't do.
    pub(crate) fn evict(&self, sql: &str) {
        self.cache().known.remove(sql);
    }

    /// Says how to send a statement that is known.
    pub(crate) fn look_up(&self, sql: &str, params: usize) -> Option<Plan> {
        match self.cache().look_up(sql)? {
            Known::Prepared(prepared) => Some(Plan::Named {
                prepared,
                cached: true,
            }),
            Known::Types(types) => (types.len() == params).then_some(Plan::Unnamed(types)),
            Known::Once => None,
        }
    }

    /// Says how to send one that is not, preparing it if need be: a round trip more.
    ///
    /// Without parameters there is nothing to ask the server first, and preparing pays from the second time on.
    pub(crate) async fn plan(
        &self,
        client: &Client,
        sql: &str,
        params: usize,
    ) -> Result<Plan, Error> {
        let generation = {
            let mut cache = self.cache();
            if params == 0 {
                let repeated = cache.known.contains_key(sql);
                if !repeated {
                    self.keep(&mut cache, sql, Known::Once);
                }
                if !repeated || self.capacity == 0 {
                    return Ok(Plan::unnamed());
                }
            }
            cache.generation
        };
        let prepared = Arc::new(Prepared::new(client.prepare(sql).await?));
        let known = if self.capacity > 0 {
            Some(Known::Prepared(prepared.clone()))
        } else {
            prepared.types_to_remember().map(Known::Types)
        };
        let mut cache = self.cache();
        if let (Some(known), true) = (known, cache.generation == generation) {
            self.keep(&mut cache, sql, known);
        }
        Ok(Plan::Named {
            prepared,
            cached: false,
        })
    }

    fn keep(&self, cache: &mut Cache, sql: &str, known: Known) {
        let most = if self.capacity > 0 {
            self.capacity
        } else {
            CAPACITY
        };
        if cache.known.len() >= most && !cache.known.contains_key(sql) {
            // Looking through all of them costs less than the round trip that brought this one.
            let oldest = cache.known.iter().min_by_key(|(_, entry)| entry.used);
            let oldest = oldest.map(|(sql, _)| sql.clone());
            oldest.map(|oldest| cache.known.remove(&oldest));
        }
        let used = cache.clock;
        cache.known.insert(sql.into(), Entry { known, used });
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Plan {
    /// For a statement without parameters.
    pub(crate) fn unnamed() -> Plan {
        Plan::Unnamed(Arc::default())
    }
}

impl Cache {
    fn look_up(&mut self, sql: &str) -> Option<Known> {
        self.clock += 1;
        let entry = self.known.get_mut(sql)?;
        entry.used = self.clock;
        Some(entry.known.clone())
    }
}

impl Default for Statements {
    fn default() -> Statements {
        Statements::with_capacity(CAPACITY)
    }
}

impl Prepared {
    pub(crate) fn new(statement: Statement) -> Prepared {
        let own_type = statement
            .params()
            .iter()
            .any(|of| of.oid() >= FIRST_OF_USERS);
        Prepared {
            frail: own_type || !statement.columns().is_empty(),
            stamp: AtomicU64::new(0),
            statement,
        }
    }

    /// The types of its parameters, if they are the same in every database and for good.
    fn types_to_remember(&self) -> Option<Arc<[Type]>> {
        let types = self.statement.params();
        types
            .iter()
            .all(|of| of.oid() < FIRST_OF_USERS)
            .then(|| types.into())
    }

    pub(crate) fn is_stamped(&self, stamp: u64) -> bool {
        self.stamp.load(Ordering::Relaxed) == stamp
    }
}

/// What a statement may do to those that are prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Effect {
    None,
    /// It may give up locks that keep the schema as it is.
    Unlocks,
    /// It may change what prepared statements and the driver's types go by.
    Outdates,
}

impl Effect {
    /// Judges by the words alone: a false alarm costs a round trip per statement that is used again, a miss an error.
    pub(crate) fn of(sql: &str) -> Effect {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        sql.as_bytes()
            .split(|byte| !word(*byte))
            .map(Effect::of_word)
            .max()
            .unwrap_or(Effect::None)
    }

    fn of_word(word: &[u8]) -> Effect {
        let is = |other: &[u8]| word.eq_ignore_ascii_case(other);
        match word.len() {
            4 if is(b"drop") => Effect::Outdates,
            5 if is(b"alter") => Effect::Outdates,
            6 if is(b"create") || is(b"import") => Effect::Outdates,
            7 if is(b"discard") => Effect::Outdates,
            8 if is(b"rollback") => Effect::Unlocks,
            10 if is(b"deallocate") => Effect::Outdates,
            11 if is(b"search_path") => Effect::Outdates,
            _ => Effect::None,
        }
    }
}

impl fmt::Debug for Statements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Statements")
            .field("capacity", &self.capacity)
            .field("known", &self.cache().known.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_change_the_schema_are_found_and_names_that_contain_them_are_not() {
        for sql in [
            "ALTER TABLE t ADD c int",
            "do $$ begin execute 'drop table t'; end $$",
            "select set_config('search_path', 'a', false)",
            "discard all",
        ] {
            assert_eq!(Effect::of(sql), Effect::Outdates, "{sql}");
        }
        assert_eq!(Effect::of("rollback to a"), Effect::Unlocks);
        for sql in ["select created_at, dropped from t", "", "select 1"] {
            assert_eq!(Effect::of(sql), Effect::None, "{sql}");
        }
    }
}
