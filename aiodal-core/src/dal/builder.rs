//! How a data access layer is to connect, and what it is to reflect.

use super::{DataAccessLayer, Source};
use crate::database_url::DatabaseUrl;
use crate::error::Result;
use crate::pool::PoolOptions;
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
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct DataAccessLayerBuilder {
    pool: PoolOptions,
    reflect: Reflect,
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
        let pool = self.pool.open(url).await?;
        let source = Source::Pool(pool.into());
        Ok(DataAccessLayer::new(source, self.reflect))
    }
}
