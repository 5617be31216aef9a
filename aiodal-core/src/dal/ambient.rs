//! A database that stands in for those that data access layers were made for: a test's, for the code that runs in it.
//!
//! An application has its data access layer in a static, or made once at its start; nothing is passed to it from where it is
//! called. A test framework says here whose code is running. Where nobody has, the price is one atomic load per
//! transaction.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::runtime::{self, Handle};

use super::{DataAccessLayer, Source};
use crate::database_url::DatabaseUrl;
use crate::error::{Error, Result};
use crate::lane::Observer;
use crate::pool::PoolOptions;

/// What tells the database that stands in for others where the caller runs.
type Find = fn() -> Option<Arc<Ambient>>;

static FIND: OnceLock<Find> = OnceLock::new();

/// A database that stands in for those that data access layers were made for.
///
/// For a framework of tests. Each data access layer has a pool in it with the options that it was made with, and a schema
/// that is reflected there; where a URL had said it connects to counts for nothing.
pub struct Ambient {
    /// Whose it is, for messages.
    owner: String,
    /// `None` once it has ended. Guards the map, for a look or a store.
    open: Mutex<Option<Open>>,
}

struct Open {
    url: DatabaseUrl,
    adapt: Box<dyn Fn(PoolOptions) -> PoolOptions + Send + Sync>,
    observer: Option<Arc<dyn Observer>>,
    /// What stands in for which, by the runtime: a connection is driven by the one that it was made on, which may have other
    /// things to do while another waits.
    stand_ins: HashMap<(LayerId, runtime::Id), DataAccessLayer>,
}

/// Which data access layer it is. An address would be another's when it is gone.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct LayerId(u64);

impl LayerId {
    pub(super) fn next() -> LayerId {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        LayerId(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl Ambient {
    /// Makes one at `url`. `adapt` has the last word on the options of each pool, and `observer` hears of the statements
    /// of data access layers that nobody observes.
    #[must_use]
    pub fn new(
        owner: &str,
        url: &DatabaseUrl,
        adapt: impl Fn(PoolOptions) -> PoolOptions + Send + Sync + 'static,
        observer: Option<Arc<dyn Observer>>,
    ) -> Ambient {
        let open = Open {
            url: url.clone(),
            adapt: Box::new(adapt),
            observer,
            stand_ins: HashMap::new(),
        };
        Ambient {
            owner: owner.to_owned(),
            open: Mutex::new(Some(open)),
        }
    }

    /// Has `find` asked, wherever a data access layer is used, for what stands in for it there. The first who says so counts.
    pub fn found_by(find: Find) {
        let _first = FIND.set(find);
    }

    /// Ends it: whoever would use it from now on gets an error, and not the database that it stood in for.
    pub fn end(&self) {
        let ended = self.open().take();
        // Outside of the lock: what is dropped is pools, of which nobody knows what they do.
        drop(ended);
    }

    fn stand_in(&self, layer: &DataAccessLayer, runtime: &Handle) -> Result<DataAccessLayer> {
        let mut open = self.open();
        let Some(open) = &mut *open else {
            return Err(Error::ended(&self.owner));
        };
        let key = (layer.0.id, runtime.id());
        if let Some(known) = open.stand_ins.get(&key) {
            return Ok(known.clone());
        }
        // Idle connections are for a service that lives longer than a test.
        let options = layer.0.options.clone().min_idle(0);
        let pool = (open.adapt)(options).open_lazily(&open.url)?;
        let observer = layer.0.observer.clone().or_else(|| open.observer.clone());
        let stand_in = layer.standing_in(Source::Pool(pool.into()), observer);
        open.stand_ins.insert(key, stand_in.clone());
        Ok(stand_in)
    }

    fn open(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns what stands in for others where the caller runs.
fn current() -> Option<Arc<Ambient>> {
    FIND.get().and_then(|find| find())
}

/// Says whether something stands in for others where the caller runs.
pub(super) fn is_there() -> bool {
    current().is_some()
}

impl DataAccessLayer {
    /// Returns what stands in for it where the caller runs: itself, except in a test that has something else do so.
    pub(super) fn here(&self) -> Result<Cow<'_, DataAccessLayer>> {
        if !self.0.ambient {
            return Ok(Cow::Borrowed(self));
        }
        // Without a runtime there is no connection, of whatever kind.
        match (current(), Handle::try_current()) {
            (Some(ambient), Ok(runtime)) => ambient.stand_in(self, &runtime).map(Cow::Owned),
            _ => Ok(Cow::Borrowed(self)),
        }
    }
}

impl fmt::Debug for Ambient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ambient")
            .field("owner", &self.owner)
            .field("ended", &self.open().is_none())
            .finish_non_exhaustive()
    }
}
