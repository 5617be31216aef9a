//! The data access layer of `aiodal`: a reflected database and a transaction worth holding.
//!
//! This crate knows nothing of tests. Applications use it through the facade crate `aiodal`, with
//! the feature `test` turned off where only the data access layer is wanted.
//!
//! - [`DataAccessLayer`] is what all the rest hangs on: connections to one database, what was reflected of it, and aliases.
//! - [`DatabaseUrl`] is where a database is, with all that libpq knows of strings, variables and files. It never
//!   prints a password.
//! - [`Pool`] is bb8's pool over tokio-postgres; [`connect`] opens one, and [`PoolOptions`] one to your taste. A pool of
//!   bb8-postgres does as well: [`Connections`] takes either.
//! - [`Transaction`] is owned: it can be stored, returned and sent to another task. Dropped without
//!   [`commit`](Transaction::commit) it rolls back.
//! - [`Savepoint`] is a nested transaction that is released when it ends.
//! - [`FromRow`] reads rows into structs and tuples, by [`Transaction::query_as`] and its siblings.
//! - [`Schema`] is a database as data: [reflected](Schema::reflect), and looked up by name.
//! - [`Error`] is opaque and answers questions; its alternate form prints the whole chain.
//!
//! ```no_run
//! # async fn example() -> aiodal_core::Result<()> {
//! let dal = aiodal_core::DataAccessLayer::connect("postgres://localhost/library").await?;
//! let tx = dal.transaction().await?;
//! let id: i32 = tx.query_scalar("insert into author (name) values ($1) returning id", &[&"Hep"]).await?;
//! tx.commit().await?;
//! # let _ = id; Ok(())
//! # }
//! ```

pub mod bulk;
mod config;
mod dal;
mod database_url;
mod error;
mod ident;
mod lane;
mod nearest;
mod pool;
mod reflect;
pub mod row;
mod savepoint;
pub mod schema;
mod snapshot;
pub mod statement;
mod statements;
#[cfg_attr(not(feature = "rustls"), path = "tls/absent.rs")]
mod tls;
mod transaction;

pub use self::bulk::ToRow;
pub use self::dal::{Ambient, DataAccessLayer, DataAccessLayerBuilder, SchemaCache};
pub use self::database_url::DatabaseUrl;
pub use self::error::{BoxError, Error, Result, chain};
pub use self::ident::{quote_ident, quote_literal};
pub use self::lane::{Lane, LaneOptions, Observer, Outcome, Params, Revoked, Started};
pub use self::nearest::nearest;
pub use self::pool::{
    CancelToken, Connection, ConnectionSource, Connections, OnNotice, Pool, PoolOptions, Tap,
    Watch, Way, connect,
};
pub use self::reflect::Reflect;
#[doc(hidden)]
pub use self::reflect::receive_only;
pub use self::row::FromRow;
pub use self::savepoint::Savepoint;
pub use self::schema::Schema;
pub use self::snapshot::Snapshot;
#[cfg(feature = "sea-query")]
pub use self::statement::SeaQuery;
pub use self::statement::{
    Arbiter, ArbiterElement, ArbiterKind, BoundStatement, Delete, Insert, Page, Select,
    TableSource, Update, Upsert,
};
pub use self::statements::Statements;
pub use self::tls::{Handshake as TlsHandshake, Stream as TlsSession};
pub use self::transaction::{
    CopyIn, CopyOut, IsolationLevel, Retry, RowStream, Transaction, TransactionOptions,
};

pub use tokio_postgres::error::{DbError, SqlState};
pub use tokio_postgres::{Row, SimpleQueryMessage, types};

/// The version of rustls that [`PoolOptions::tls`] takes a configuration of.
#[cfg(feature = "rustls")]
pub use tokio_rustls::rustls;
