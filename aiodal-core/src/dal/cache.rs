//! What a data access layer has reflected so far.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::Result;
use crate::schema::{Schema, Table};

/// Tables reflected one by one, and the whole, once somebody has asked for it.
#[derive(Default)]
pub(crate) struct Cache {
    /// Guards the maps, for a look or a store; never held while reflecting.
    known: Mutex<Known>,
    /// Held while the whole is reflected, so that those who ask meanwhile wait for it instead of doing it again. It does
    /// not keep tables from being reflected one by one.
    reflecting: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Known {
    whole: Option<Arc<Schema>>,
    /// By the name that was asked for, as it was written.
    tables: HashMap<String, Arc<Table>>,
    /// Counts how often all was forgotten: what was read before the last time is not kept.
    epoch: u64,
}

impl Cache {
    /// Forgets everything. Snapshots that somebody holds stay as they are.
    pub(crate) fn clear(&self) {
        let mut known = self.known();
        known.whole = None;
        known.tables.clear();
        known.epoch += 1;
    }

    /// Returns the whole, if it was reflected.
    pub(crate) fn whole(&self) -> Option<Arc<Schema>> {
        self.known().whole.clone()
    }

    /// Returns the whole, reflecting it if nobody has. `reflect` says whether what it has seen is what everybody sees.
    pub(crate) async fn whole_or(
        &self,
        reflect: impl Future<Output = Result<(Schema, bool)>>,
    ) -> Result<Arc<Schema>> {
        if let Some(whole) = self.whole() {
            return Ok(whole);
        }
        let _one_at_a_time = self.reflecting.lock().await;
        let epoch = match &*self.known() {
            Known {
                whole: Some(whole), ..
            } => return Ok(whole.clone()),
            Known { epoch, .. } => *epoch,
        };
        let (whole, everybodys) = reflect.await?;
        let whole = Arc::new(whole);
        let mut known = self.known();
        if everybodys && known.epoch == epoch {
            known.whole = Some(whole.clone());
        }
        Ok(whole)
    }

    /// Returns the table that `name` was found to be, or the epoch to [keep](Cache::keep) it with.
    pub(crate) fn table(&self, name: &str) -> Result<Arc<Table>, u64> {
        let known = self.known();
        known.tables.get(name).cloned().ok_or(known.epoch)
    }

    /// Keeps a table, unless all was forgotten since it was looked for.
    pub(crate) fn keep(&self, name: &str, table: &Arc<Table>, epoch: u64) {
        let mut known = self.known();
        if known.epoch == epoch {
            known.tables.insert(name.to_owned(), table.clone());
        }
    }

    /// Finds a table by what the server calls it, among those that are known.
    pub(crate) fn find(&self, schema: &str, name: &str) -> Option<Arc<Table>> {
        let known = self.known();
        let whole = known.whole.iter().flat_map(|whole| whole.tables.iter());
        known
            .tables
            .values()
            .chain(whole)
            .find(|table| table.name.schema == schema && table.name.name == name)
            .cloned()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.known();
        f.debug_struct("Cache")
            .field("whole", &known.whole.is_some())
            .field("tables", &known.tables.len())
            .finish_non_exhaustive()
    }
}

/// What was reflected of one database, to be shared by all who are lent transactions in it.
#[derive(Clone, Debug, Default)]
pub struct SchemaCache(pub(super) Arc<Cache>);
