//! A pool that is opened by whoever first wants a connection of it.

use std::fmt;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;

use super::connections::Source;
use super::held::Held;
use super::{Pool, PoolOptions, checkout};
use crate::database_url::DatabaseUrl;
use crate::error::Result;

/// A pool that is not open yet, or is.
pub(super) struct Lazy {
    url: DatabaseUrl,
    options: PoolOptions,
    pool: OnceCell<Pool>,
}

impl Lazy {
    pub(super) fn new(url: DatabaseUrl, options: PoolOptions) -> Lazy {
        let pool = OnceCell::new();
        Lazy { url, options, pool }
    }
}

impl Source for Lazy {
    fn checkout(&self) -> BoxFuture<'_, Result<Held>> {
        // Opened with its first connection, so that what is wrong is said as it would have been at the start.
        let open = || self.options.clone().open(&self.url);
        async move {
            let pool = self.pool.get_or_try_init(open).await?;
            Ok(Held::pooled(checkout(pool).await?))
        }
        .boxed()
    }
}

impl fmt::Debug for Lazy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lazy")
            .field("url", &self.url)
            .field("open", &self.pool.initialized())
            .finish_non_exhaustive()
    }
}
