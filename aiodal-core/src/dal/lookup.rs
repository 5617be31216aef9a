//! Looking things up: what is known already, else what one round trip tells.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join};

use super::{DataAccessLayer, Source};
use crate::error::Result;
use crate::lane::Lane;
use crate::reflect::{self, Bracket, Reflect};
use crate::schema::{NameRef, Schema, Table, UniqueConstraint};
use crate::transaction::Transaction;

impl DataAccessLayer {
    /// Returns a table, view or other relation: `"author"` by the search path, `"sales.orders"`, `r#""My".t"#`.
    ///
    /// It is reflected alone, in one round trip whatever the size of the database, or two for a table of types of users or
    /// with what few have (partitions, parents, exclusion constraints); and kept until
    /// [`refresh`](DataAccessLayer::refresh), or until a transaction of this layer commits DDL.
    ///
    /// # Errors
    ///
    /// There is no such relation; the error names the nearest ones.
    pub async fn table<'a>(&self, name: impl Into<NameRef<'a>>) -> Result<Arc<Table>> {
        let name = name.into();
        let dal = self.here()?;
        let connections = match &dal.0.source {
            Source::Pool(connections) => connections,
            Source::Lent(lent) => return lent.outer(&dal).table(name).await,
        };
        let epoch = match dal.known(name) {
            Ok(table) => return Ok(table),
            Err(epoch) => epoch,
        };
        let held = connections.checkout().await?;
        let version = reflect::version_of(&held).await?;
        let bracket = Bracket::Transaction;
        let table = Box::pin(reflect::table(held.client(), version, name, bracket)).await?;
        dal.0.cache.keep(&name.text(), &table, epoch);
        Ok(table)
    }

    /// Returns the whole schema, reflecting it if nobody has: all of the search path, or what the
    /// [builder](super::DataAccessLayerBuilder::reflect) was told.
    ///
    /// A snapshot: later changes don't show in it. Several tasks may ask at once, and it is reflected once.
    ///
    /// # Errors
    ///
    /// No connection became free in time, or it was lost.
    pub async fn schema(&self) -> Result<Arc<Schema>> {
        let dal = self.here()?;
        let connections = match &dal.0.source {
            Source::Pool(connections) => connections,
            Source::Lent(lent) => return lent.outer(&dal).schema().await,
        };
        let reflected = async {
            let held = connections.checkout().await?;
            let version = reflect::version_of(&held).await?;
            let options = &dal.0.reflect;
            let whole = reflect::whole(held.client(), version, options, Bracket::Transaction);
            Ok((Box::pin(whole).await?, true))
        };
        dal.0.cache.whole_or(reflected).await
    }

    /// Forgets what was reflected, so that the next look sees the database as it is. Snapshots stay as they are.
    pub fn refresh(&self) {
        // Where a test has ended there is nothing left to forget.
        if let Ok(dal) = self.here() {
            dal.0.cache.clear();
        }
    }

    /// Returns a unique constraint by its own name, or by the table's if that has exactly one.
    ///
    /// # Errors
    ///
    /// There is none; or the table has several, which the error lists.
    pub async fn unique_constraint<'a>(
        &self,
        name: impl Into<NameRef<'a>>,
    ) -> Result<UniqueConstraint> {
        self.schema().await?.unique_constraint(name).cloned()
    }

    /// Returns a table that is known already, or what to keep it with once it is.
    fn known(&self, name: NameRef<'_>) -> Result<Arc<Table>, u64> {
        let whole = self.0.cache.whole();
        match whole.as_deref().map(|whole| whole.table(name)) {
            Some(Ok(table)) => Ok(table.clone()),
            // It may be in a schema that was not asked for, or new.
            _ => self.0.cache.table(&name.text()),
        }
    }
}

impl Transaction {
    /// Returns a table, view or other relation, as this transaction sees it.
    ///
    /// Like [`DataAccessLayer::table`], and from its cache where that can be relied on: after DDL in this transaction it
    /// is read anew.
    ///
    /// # Errors
    ///
    /// There is no such relation; the error names the nearest ones.
    pub async fn table<'a>(&self, name: impl Into<NameRef<'a>>) -> Result<Arc<Table>> {
        let name = name.into();
        let cached = match self.relied_on() {
            None => None,
            Some(dal) => match dal.known(name) {
                Ok(table) => return Ok(table),
                Err(epoch) => Some((dal, epoch)),
            },
        };
        let client = self.lane().held().client();
        let read = as_everybody(self.lane(), |version| {
            reflect::table(client, version, name, Bracket::Savepoint).boxed()
        });
        let (table, everybodys) = read.await?;
        if let (Some((dal, epoch)), true) = (cached, everybodys) {
            dal.0.cache.keep(&name.text(), &table, epoch);
        }
        Ok(table)
    }

    /// Returns the whole schema, as this transaction sees it.
    ///
    /// Like [`DataAccessLayer::schema`], and from its cache where that can be relied on.
    ///
    /// # Errors
    ///
    /// The connection was lost, or a statement of this transaction has failed.
    pub async fn schema(&self) -> Result<Arc<Schema>> {
        let defaults = Reflect::default();
        let options = self.dal().map_or(&defaults, |dal| &dal.0.reflect);
        let client = self.lane().held().client();
        let read = as_everybody(self.lane(), |version| {
            reflect::whole(client, version, options, Bracket::Savepoint).boxed()
        });
        match self.relied_on() {
            Some(dal) => dal.0.cache.whole_or(read).await,
            None => Ok(Arc::new(read.await?.0)),
        }
    }

    /// Returns a unique constraint by its own name, or by the table's if that has exactly one.
    ///
    /// # Errors
    ///
    /// There is none; or the table has several, which the error lists.
    pub async fn unique_constraint<'a>(
        &self,
        name: impl Into<NameRef<'a>>,
    ) -> Result<UniqueConstraint> {
        self.schema().await?.unique_constraint(name).cloned()
    }

    /// Returns the data access layer whose cache holds for this transaction: not once it has changed the schema.
    fn relied_on(&self) -> Option<&DataAccessLayer> {
        self.dal().filter(|_| !self.lane().is_outdated())
    }
}

/// Reads catalogs in a transaction, and says whether everybody would have read the same: it has written nothing.
///
/// Its future is boxed: the compiler can't see of an asynchronous closure's that it is `Send`.
async fn as_everybody<'a, T>(
    lane: &'a Lane,
    read: impl FnOnce(u32) -> BoxFuture<'a, Result<T>>,
) -> Result<(T, bool)> {
    // A transaction has a number once it writes, DDL behind a function's back included.
    let sql = "select pg_catalog.pg_current_xact_id_if_assigned() is null";
    // Boxed: a reflection has a dozen statements in flight.
    lane.unobserved(Box::pin(async {
        let held = lane.held();
        let version = reflect::version_of(held).await?;
        let (pristine, read) = join(held.client().query_typed_one(sql, &[]), read(version)).await;
        let pristine = pristine.and_then(|row| row.try_get(0));
        Ok((read?, pristine.unwrap_or(false)))
    }))
    .await?
}
