//! How a data access layer is to connect, and what it is to reflect.

use std::fmt;
use std::sync::Arc;

use super::ambient::{self, LayerId};
use super::cache::Cache;
use super::lent::Lent;
use super::{DataAccessLayer, Inner, SchemaCache, Source};
use crate::database_url::DatabaseUrl;
use crate::error::Result;
use crate::lane::{Lane, Observer};
use crate::pool::{Connections, PoolOptions};
use crate::reflect::Reflect;

/// Says how to connect and what to reflect; made by [`DataAccessLayer::builder`].
///
/// ```no_run
/// # async fn example() -> aiodal_core::Result<()> {
/// use aiodal_core::{DataAccessLayer, PoolOptions, Reflect};
///
/// let dal = DataAccessLayer::builder()
///     .pool(PoolOptions::new().max_size(20).application_name("loans"))
///     .reflect(Reflect::new().schemas(["lending"]).views(false))
///     .connect("postgres://localhost/library")
///     .await?;
/// # drop(dal); Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct DataAccessLayerBuilder {
    pool: PoolOptions,
    reflect: Reflect,
    observer: Option<Arc<dyn Observer>>,
    apart: bool,
}

impl DataAccessLayerBuilder {
    /// Sets the options of the pool and its connections: size, time limits, prepared statements, TLS.
    pub fn pool(mut self, options: PoolOptions) -> DataAccessLayerBuilder {
        self.pool = options;
        self
    }

    /// Sets what [`DataAccessLayer::schema`] reflects. A single [table](DataAccessLayer::table) is found wherever it is.
    pub fn reflect(mut self, options: Reflect) -> DataAccessLayerBuilder {
        self.reflect = options;
        self
    }

    /// Has `observer` hear of every statement in the transactions of the data access layer. The default is that nobody does.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> DataAccessLayerBuilder {
        self.observer = Some(observer);
        self
    }

    /// Sets whether a test that asks for it may have its own database stand in for this one, wherever the data access layer
    /// was made. The default is that it may; `false` is for another database than the one under test.
    pub fn ambient(mut self, ambient: bool) -> DataAccessLayerBuilder {
        self.apart = !ambient;
        self
    }

    /// Returns the options of the pool.
    pub fn pool_options(&self) -> &PoolOptions {
        &self.pool
    }

    /// Makes one whose transactions are nested in the transaction of a lane: [`DataAccessLayer::on_loan`]. It has no pool,
    /// so that options of one say nothing.
    #[must_use]
    pub fn on_loan(self, lane: &Lane, cache: &SchemaCache) -> DataAccessLayer {
        let source = Source::Lent(Lent::new(lane));
        self.ambient(false).of(source, cache.0.clone())
    }

    /// Connects. What the URL leaves open is taken from the environment, as libpq does it.
    ///
    /// # Errors
    ///
    /// A URL or options that can't be, and a server that can't be reached within `connect_timeout` or refuses.
    pub async fn connect(self, url: &str) -> Result<DataAccessLayer> {
        self.open(&DatabaseUrl::resolve(url)?).await
    }

    /// The same for a place that is known: the environment is not read.
    ///
    /// # Errors
    ///
    /// Like [`connect`](DataAccessLayerBuilder::connect).
    pub async fn open(self, url: &DatabaseUrl) -> Result<DataAccessLayer> {
        let options = self.pool.clone();
        let connections = if !self.apart && ambient::is_there() {
            // Nobody may listen there: whoever uses it outside of the test finds out.
            Connections::lazily(url, options)
        } else {
            options.open(url).await?.into()
        };
        Ok(self.of(Source::Pool(connections), Arc::default()))
    }

    pub(super) fn of(self, source: Source, cache: Arc<Cache>) -> DataAccessLayer {
        DataAccessLayer(Arc::new(Inner {
            id: LayerId::next(),
            source,
            options: self.pool,
            ambient: !self.apart,
            reflect: self.reflect,
            cache,
            observer: self.observer,
            aliases: Arc::default(),
        }))
    }
}

impl fmt::Debug for DataAccessLayerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataAccessLayerBuilder")
            .field("pool", &self.pool)
            .field("reflect", &self.reflect)
            .field("observed", &self.observer.is_some())
            .field("ambient", &!self.apart)
            .finish()
    }
}
