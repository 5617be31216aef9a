//! The data access layer: connections, a reflected schema and aliases, in one handle.

mod alias;
mod ambient;
mod builder;
mod cache;
mod lent;
mod lookup;
mod run;
mod violation;

use std::fmt;
use std::process;
use std::sync::Arc;

pub(crate) use self::alias::Aliases;
pub use self::ambient::Ambient;
use self::ambient::LayerId;
pub use self::builder::DataAccessLayerBuilder;
use self::cache::Cache;
pub use self::cache::SchemaCache;
use self::lent::Lent;
use crate::error::Result;
use crate::lane::{Lane, Observer};
use crate::pool::{Connections, PoolOptions};
use crate::reflect::Reflect;
use crate::transaction::{Transaction, TransactionOptions};

/// Connections to one database, what was reflected of it, and aliases.
///
/// A cheap clone: hand it to whatever needs the database. It belongs to the Tokio runtime it was made on.
///
/// ```no_run
/// # async fn example() -> aiodal_core::Result<()> {
/// use aiodal_core::DataAccessLayer;
///
/// let dal = DataAccessLayer::connect("postgres://localhost/library").await?;
/// let tx = dal.transaction().await?;
/// let author = tx.table("author").await?;
/// author.insert().set("name", &"Hep").execute(&tx).await?;
/// tx.commit().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct DataAccessLayer(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    id: LayerId,
    source: Source,
    /// With which it was made; the defaults for a pool that was there already.
    options: PoolOptions,
    /// Whether a test may have its own database stand in for this one's.
    ambient: bool,
    reflect: Reflect,
    cache: Arc<Cache>,
    /// Who hears of the statements of its transactions; of those on loan, the lane's owner has said so.
    observer: Option<Arc<dyn Observer>>,
    aliases: Arc<Aliases>,
}

enum Source {
    Pool(Connections),
    /// One transaction of somebody else, in which ours are nested.
    Lent(Lent),
}

impl DataAccessLayer {
    /// Connects, with the defaults of [`builder`](DataAccessLayer::builder).
    ///
    /// Nothing is reflected yet: a [table](DataAccessLayer::table) is when it is asked for, and the whole
    /// [schema](DataAccessLayer::schema) is when that is.
    ///
    /// # Errors
    ///
    /// A URL that can't be read, and a server that can't be reached or refuses.
    pub async fn connect(url: &str) -> Result<DataAccessLayer> {
        DataAccessLayer::builder().connect(url).await
    }

    /// Connects, or ends the process: one line on stderr, and exit code 1. For scripts and command lines.
    pub async fn connect_or_exit(url: &str) -> DataAccessLayer {
        match DataAccessLayer::connect(url).await {
            Ok(dal) => dal,
            Err(error) => {
                eprintln!("error: {}", error.one_line());
                process::exit(1)
            }
        }
    }

    /// Begins to say how to connect and what to reflect.
    pub fn builder() -> DataAccessLayerBuilder {
        DataAccessLayerBuilder::default()
    }

    /// Makes one of a pool: ours, or a `bb8::Pool<PostgresConnectionManager<_>>` that an application has already.
    #[must_use]
    pub fn from_pool(pool: impl Into<Connections>) -> DataAccessLayer {
        DataAccessLayer::builder().of(Source::Pool(pool.into()), Arc::default())
    }

    /// Makes one whose transactions are nested in the transaction of a lane, one at a time.
    ///
    /// For a framework that lends its transaction out: code under test begins and commits as it would in production,
    /// and nothing is committed. `cache` is what other borrowers in the same database have reflected.
    ///
    /// - A commit checks deferred constraints, as a real one would, and is final only as far as the lane's owner lets it.
    /// - A second transaction waits for the first to end, as it would for a pool with one connection.
    /// - Isolation levels are accepted, and change nothing: there is one transaction.
    /// - What is sent through the lane while a nested transaction is open belongs to that one.
    #[must_use]
    pub fn on_loan(lane: &Lane, cache: &SchemaCache) -> DataAccessLayer {
        DataAccessLayer::builder().on_loan(lane, cache)
    }

    /// Returns the transaction that the others are nested in, on loan. `None` for one that has a pool.
    #[must_use]
    pub fn outer_transaction(&self) -> Option<Transaction> {
        match &self.0.source {
            Source::Pool(_) => None,
            Source::Lent(lent) => Some(lent.outer(self)),
        }
    }

    /// Makes one that stands in for this: all of it but the connections, and what was reflected on them.
    fn standing_in(&self, source: Source, observer: Option<Arc<dyn Observer>>) -> DataAccessLayer {
        DataAccessLayer(Arc::new(Inner {
            id: LayerId::next(),
            source,
            options: self.0.options.clone(),
            ambient: false,
            reflect: self.0.reflect.clone(),
            cache: Arc::default(),
            observer,
            aliases: self.0.aliases.clone(),
        }))
    }

    /// Begins a transaction.
    ///
    /// # Errors
    ///
    /// No connection became free in time.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, no connection is taken and no transaction is open.
    pub async fn transaction(&self) -> Result<Transaction> {
        self.begin(&TransactionOptions::default()).await
    }

    /// Begins a transaction with options: an isolation level, time limits, read only.
    ///
    /// # Errors
    ///
    /// No connection became free in time.
    pub async fn begin(&self, options: &TransactionOptions) -> Result<Transaction> {
        self.begin_for(options, "its pool").await
    }

    /// `owner` is named in the error of a borrower who would commit.
    async fn begin_for(&self, options: &TransactionOptions, owner: &str) -> Result<Transaction> {
        let dal = self.here()?.into_owned();
        let transaction = match &dal.0.source {
            Source::Pool(connections) => {
                let observer = dal.0.observer.clone();
                Transaction::begin_on(connections, options, owner, observer).await?
            }
            Source::Lent(lent) => lent.begin(options).await?,
        };
        Ok(transaction.of(dal))
    }
}

impl fmt::Debug for DataAccessLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source: &dyn fmt::Debug = match &self.0.source {
            Source::Pool(connections) => connections,
            Source::Lent(lent) => lent,
        };
        f.debug_struct("DataAccessLayer")
            .field("source", source)
            .field("schema", &self.0.cache)
            .finish_non_exhaustive()
    }
}
