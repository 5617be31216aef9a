//! The data access layer of `aiodal`: a pool of connections and a transaction worth holding.
//!
//! This crate knows nothing of tests. Applications use it through the facade crate `aiodal`, with
//! the feature `test` turned off where only the data access layer is wanted.
//!
//! - [`DatabaseUrl`] is where a database is, in either form PostgreSQL users know. It never prints a password.
//! - [`Pool`] is bb8's pool over tokio-postgres; [`connect`] opens one.
//! - [`Transaction`] is owned: it can be stored, returned and sent to another task. Dropped without
//!   [`commit`](Transaction::commit) it rolls back.
//! - [`Savepoint`] is a nested transaction that is released when it ends.
//! - [`Schema`] is a database as data: [reflected](Schema::reflect), and looked up by name.
//! - [`Error`] is opaque and answers questions; its alternate form prints the whole chain.
//!
//! ```no_run
//! # async fn example() -> aiodal_core::Result<()> {
//! let pool = aiodal_core::connect("postgres://localhost/library").await?;
//! let tx = aiodal_core::Transaction::begin(&pool).await?;
//! let id: i32 = tx.query_one("insert into author (name) values ($1) returning id", &[&"Hep"]).await?.get(0);
//! tx.commit().await?;
//! # let _ = id; Ok(())
//! # }
//! ```

mod database_url;
mod error;
mod ident;
mod lane;
mod nearest;
mod pool;
mod reflect;
mod savepoint;
pub mod schema;
mod statements;
mod transaction;

pub use self::database_url::DatabaseUrl;
pub use self::error::{BoxError, Error, Result, chain};
pub use self::ident::{quote_ident, quote_literal};
pub use self::lane::{Lane, LaneOptions, Observer, Outcome, Revoked};
pub use self::nearest::nearest;
pub use self::pool::{Connection, ConnectionSource, Pool, connect};
pub use self::reflect::Reflect;
pub use self::savepoint::Savepoint;
pub use self::schema::Schema;
pub use self::statements::Statements;
pub use self::transaction::Transaction;

pub use tokio_postgres::error::SqlState;
pub use tokio_postgres::{Row, types};
