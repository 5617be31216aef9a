//! Names that an application gives to what it selects from.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::DataAccessLayer;
use crate::error::{Error, Missing, Result};
use crate::nearest::nearest;
use crate::statement::TableSource;
use crate::transaction::Transaction;

/// Tables and functions, by the names that were given to them.
#[derive(Default)]
pub(crate) struct Aliases {
    /// Guards the map, for a look or a change.
    sources: Mutex<BTreeMap<String, TableSource>>,
}

impl Aliases {
    fn set(&self, name: &str, source: TableSource) -> Result<()> {
        let source = source.alias(name)?;
        self.sources().insert(name.to_owned(), source);
        Ok(())
    }

    fn get(&self, name: &str) -> Option<TableSource> {
        self.sources().get(name).cloned()
    }

    fn names(&self) -> Vec<String> {
        self.sources().keys().cloned().collect()
    }

    fn sources(&self) -> MutexGuard<'_, BTreeMap<String, TableSource>> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DataAccessLayer {
    /// Gives a table or function a name, for [`alias`](DataAccessLayer::alias) and in SQL. It replaces one of that name.
    ///
    /// ```no_run
    /// # async fn example(dal: &aiodal_core::DataAccessLayer) -> aiodal_core::Result<()> {
    /// use aiodal_core::TableSource;
    ///
    /// dal.set_alias("recent", TableSource::table(&dal.table("sales.orders").await?)?)?;
    /// let tx = dal.transaction().await?;
    /// let recent = tx.alias("recent")?; // "sales"."orders" as "recent"
    /// let rows = tx.query(&format!("select recent.id from {recent}"), &[]).await?;
    /// # drop(rows); Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A name that PostgreSQL can't have.
    pub fn set_alias(&self, name: &str, source: TableSource) -> Result<()> {
        self.0.aliases.set(name, source)
    }

    /// Returns what was given that name.
    ///
    /// # Errors
    ///
    /// Nothing was; the error names what is near.
    pub fn alias(&self, name: &str) -> Result<TableSource> {
        let missed = || missed(name, &self.0.aliases.names());
        self.0.aliases.get(name).ok_or_else(missed)
    }
}

impl Transaction {
    /// Gives a table or function a name for this transaction, whatever the data access layer calls by it.
    ///
    /// # Errors
    ///
    /// A name that PostgreSQL can't have.
    pub fn set_alias(&self, name: &str, source: TableSource) -> Result<()> {
        self.shared().aliases.set(name, source)
    }

    /// Returns what was given that name: in this transaction, else in its data access layer.
    ///
    /// # Errors
    ///
    /// Nothing was; the error names what is near.
    pub fn alias(&self, name: &str) -> Result<TableSource> {
        let own = &self.shared().aliases;
        let of_dal = self.dal().map(|dal| &*dal.0.aliases);
        let found = own
            .get(name)
            .or_else(|| of_dal.and_then(|aliases| aliases.get(name)));
        found.ok_or_else(|| {
            let mut names = own.names();
            names.extend(of_dal.into_iter().flat_map(Aliases::names));
            missed(name, &names)
        })
    }
}

fn missed(name: &str, names: &[String]) -> Error {
    let near = nearest(name, names.iter().map(String::as_str));
    let place = match names {
        [] => "this data access layer: none was set".to_owned(),
        names => format!("this data access layer, which has {}", names.join(", ")),
    };
    Error::missing(Missing {
        what: "alias",
        name: format!("\"{name}\""),
        place,
        near: near.iter().map(|near| format!("\"{near}\"")).collect(),
    })
}

impl fmt::Debug for Aliases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}
