//! Integration tests against a real PostgreSQL, as cheap as unit tests.
//!
//! `#[aiodal::test]` gives each test a transaction that is rolled back however the test ends. Nothing has to be
//! prepared: where no server is named, one is started from the PostgreSQL that is installed, shared by all
//! test processes, and gone when the last of them is.
//!
//! ```
//! use aiodal::Transaction;
//!
//! #[aiodal::test]
//! async fn an_author_can_be_inserted(tx: &mut Transaction) -> aiodal::Result<()> {
//!     tx.batch_execute("create table author (id serial primary key, name text)").await?;
//!     let row = tx.query_one("insert into author (name) values ($1) returning id", &[&"Hep"]).await?;
//!     assert_eq!(row.get::<_, i32>("id"), 1);
//!     Ok(()) // rolled back whatever happens: Ok, Err, panic, timeout
//! }
//! ```
//!
//! # Isolation
//!
//! | argument | what the test gets | afterwards |
//! | --- | --- | --- |
//! | `&Transaction`, `&mut Transaction`, `Transaction` | one connection, in one transaction | rolled back, the connection reset and reused |
//! | none | its own Tokio runtime | nothing was touched |
//!
//! At the end, in one round trip, deferred constraints are checked as a COMMIT would check them, and the transaction is
//! looked at: a test that has ended its own (`COMMIT` in a batch, say) fails and is told which statement it was.
//! [`commit`](Transaction::commit) on a test's transaction is refused.
//! What rollback cannot show: sequences don't roll back, `now()` stands still, NOTIFY is never delivered, and two
//! tests that insert the same key wait for each other.
//!
//! See [`test`](macro@test) for the options of the attribute.
//!
//! # Prepared once
//!
//! A [`Session`] says what every test finds: migrations and a seed. They are run into a template database once per
//! change of theirs, by whichever process comes first, and tests run in a clone of it.
//!
//! ```
//! use aiodal::{BoxError, Migrations, Transaction};
//!
//! struct Library;
//!
//! #[aiodal::session]
//! impl aiodal::Session for Library {
//!     fn migrations() -> Migrations {
//!         Migrations::dir("migrations")
//!     }
//!
//!     async fn seed(tx: &mut Transaction) -> Result<(), BoxError> {
//!         tx.execute("insert into author (name) values ('Hep')", &[]).await?;
//!         Ok(())
//!     }
//! }
//! ```
//!
//! # The server
//!
//! In this order: `AIODAL_DATABASE_URL`, `database_url` in `aiodal.toml`, `DATABASE_URL`, and otherwise a server of our
//! own. That one runs the installed binaries (14 or newer) in memory where there is room, is reached through a Unix
//! socket in a private directory only, and ends some seconds after the last test. On a server given by URL, tests run
//! in a database of their own if there are migrations or a seed, and otherwise in the database as it is.
//!
//! # Configuration
//!
//! Defaults, then `aiodal.toml` (next to the package's `Cargo.toml`, else to the workspace's), then the environment, then
//! [`Session::configure`], then the attribute of the test. [`Config`] lists every key and its variable; an
//! unknown key or a bad value is an error that names its place and what is allowed.
//!
//! # Runtimes, runners and sessions
//!
//! Every test has a runtime of its own, and drives its database connection on it; its tasks and its clock end with it.
//! The pool that connections come from belongs to the session, which under `cargo test` is shared by the tests of a
//! binary. Under nextest every test is a process: the server, the template and the session database are shared all the
//! same, and a process needs one connection.
//!
//! # Outside of tests
//!
//! ```no_run
//! # async fn example() -> aiodal::Result<()> {
//! let pool = aiodal::connect("postgres://localhost/library").await?;
//! let tx = aiodal::Transaction::begin(&pool).await?;
//! tx.execute("update author set name = upper(name)", &[]).await?;
//! tx.commit().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! | feature | default | what it adds |
//! | --- | --- | --- |
//! | `derive` | yes | `#[derive(aiodal::FromRow)]`; without it the trait is implemented by hand |
//! | `json` | no | columns of JSON into any type of serde's, and any row into JSON ([`row`]) |
//! | `test` | yes | the attributes and the session; an application turns it off for its dependency and on for its dev-dependency |
//! | `sea-query` | no | statements built with sea-query, their values converted to the types of their parameters ([`SeaQuery`]) |
//! | `rustls` | no | TLS to the server, with `sslmode` and its kin as in libpq |
//! | `serde` | no | the reflected [`Schema`] as data for serde: JSON and the like |
//! | `with-chrono-0_4`, `with-jiff-0_2`, `with-serde_json-1`, `with-time-0_3`, `with-uuid-1` | no | values of these crates as parameters and columns, as in tokio-postgres |
//! | `with-bigdecimal-0_4`, `with-rust_decimal-1` | no | values of these crates in statements of sea-query |
//!
//! The minimum supported Rust version is 1.95.

pub use aiodal_core::{
    BoxError, CancelToken, Connection, ConnectionSource, Connections, CopyIn, CopyOut,
    DataAccessLayer, DatabaseUrl, DbError, Error, FromRow, IsolationLevel, OnNotice, Pool,
    PoolOptions, Reflect, Result, Retry, Row, RowStream, Savepoint, Schema, SimpleQueryMessage,
    SqlState, Statements, Transaction, TransactionOptions, chain, connect, quote_ident,
    quote_literal, retrying, row, schema, types, with_transaction,
};

#[cfg(feature = "sea-query")]
pub use aiodal_core::SeaQuery;
pub use aiodal_core::{
    Arbiter, ArbiterElement, ArbiterKind, BoundStatement, Delete, Insert, Page, Select,
    TableSource, Update, Upsert,
};

#[cfg(feature = "derive")]
#[doc(inline)]
pub use aiodal_macros::FromRow;

#[cfg(feature = "rustls")]
pub use aiodal_core::rustls;
#[cfg(feature = "test")]
#[doc(inline)]
pub use aiodal_macros::{session, test};
#[cfg(feature = "test")]
pub use aiodal_test::{
    Config, Fingerprint, Fixture, Migrations, PoolConfig, PostgresConfig, Session, SetUpError,
};

/// What generated code calls; not part of the stable interface.
#[cfg(feature = "test")]
#[doc(hidden)]
pub mod __private {
    pub use aiodal_test::{
        Context, Fixture, Flavor, Interrupted, SessionSource, TestCase, Verdict, ctor, example,
        register_session, run,
    };
}

/// The examples of the README and of the attributes' pages, compiled here: the macro crate cannot depend on the facade.
#[cfg(all(doctest, feature = "test", feature = "derive"))]
mod pages {
    #[doc = include_str!("../aiodal-macros/src/docs/test.md")]
    struct Test;

    #[doc = include_str!("../aiodal-macros/src/docs/session.md")]
    struct Session;

    #[doc = include_str!("../aiodal-macros/src/docs/from_row.md")]
    struct FromRow;

    #[doc = include_str!("../README.md")]
    struct Readme;
}
