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
//! | `&DataAccessLayer` | the same; the transactions that it begins and commits are nested in the test's | rolled back with it |
//! | none | its own Tokio runtime | nothing was touched |
//! | any, with `isolation = "database"` | a database of its own, cloned from the template: a pool, real commits, a [`DatabaseUrl`] for others | dropped, or kept if the test failed |
//! | any, with `isolation = "none"` | a transaction that can only read | rolled back |
//!
//! At the end, in one round trip, deferred constraints are checked as a COMMIT would check them, and the transaction is
//! looked at: a test that has ended its own (`COMMIT` in a batch, say) fails and is told which statement it was.
//! [`commit`](Transaction::commit) on a test's transaction is refused.
//! What rollback cannot show: sequences don't roll back, `now()` stands still, NOTIFY is never delivered, and two
//! tests that insert the same key wait for each other.
//!
//! See [`test`](macro@test) for the options of the attribute, for parameters (`#[case]`, `#[values]`) and files of SQL, and for what a
//! test that fails shows: the statements it ran, the rows it gained and lost, whose lock it waited for.
//!
//! # Fixtures
//!
//! An `async fn` below [`fixture`](macro@fixture) provides what tests ask for by its type, or by its name: set up in the order of what
//! depends on what, once per test or session, and torn down in reverse ([`Finalizers`]). One of the session that writes to the
//! database becomes a layer of the template.
//!
//! # Prepared once
//!
//! A [`Session`] says what every test finds: migrations and a seed. They are run into a template database once per
//! change of theirs, by whichever process comes first, and tests run in a clone of it.
//!
//! ```standalone_crate
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
//! # The data access layer
//!
//! What tests run on is a data access layer of its own, for services, scripts and command lines. All of it hangs on
//! [`DataAccessLayer`], a cheap clone:
//!
//! ```
//! # fn main() -> aiodal::__private::Verdict { aiodal::__private::example(async |test| {
//! # let connect = async |_: &str| Ok::<_, aiodal::Error>(test.clone());
//! # let url = "postgres://localhost/library";
//! use aiodal::DataAccessLayer;
//!
//! # /*
//! let dal = DataAccessLayer::connect("postgres://localhost/library").await?;
//! # */
//! # let dal: DataAccessLayer = connect(url).await?;
//! let tx = dal.transaction().await?;
//! tx.batch_execute("create table author (id serial primary key, name text unique, born int)").await?;
//! tx.execute("insert into author (name) values ($1)", &[&"Hep"]).await?;
//! tx.commit().await?; // dropped instead, it rolls back
//! # Ok(()) }) }
//! ```
//!
//! [`DataAccessLayer::builder`] takes [`PoolOptions`] and what to [`Reflect`]; `connect` reads URLs, `PG*` variables and
//! `~/.pgpass` as libpq does ([`DatabaseUrl`]). [`DataAccessLayer::from_pool`] takes a bb8 pool that is there already.
//!
//! A test that takes `&DataAccessLayer` hands code under test the very type it has in production. What that begins is nested
//! in the test's transaction, one after another; a commit checks deferred constraints and runs hooks, and is undone with
//! the test.
//!
//! ## Transactions
//!
//! A [`Transaction`] is owned: store it, return it, send it to a task. Its methods are tokio-postgres's. A repeated statement is
//! prepared once per connection, and stays right when somebody changes its tables.
//!
//! ```
//! # fn main() -> aiodal::__private::Verdict { aiodal::__private::example(async |dal| {
//! # let setup = "create table account (id int primary key, cents bigint check (cents >= 0)); insert into account values (1, 500), (2, 0)";
//! # dal.with_transaction(async |tx| tx.batch_execute(setup).await).await?;
//! use aiodal::{IsolationLevel, Retry, TransactionOptions};
//!
//! // Committed on `Ok`; rolled back on an error, a panic, and when the future is dropped.
//! dal.with_transaction(async |tx| {
//!     tx.execute("update account set cents = cents - 100 where id = 1", &[]).await?;
//!     let bonus = tx.savepoint().await?; // a `Transaction` too
//!     bonus.execute("update account set cents = cents + 5 where id = 2", &[]).await?;
//!     bonus.rollback().await?;
//!     tx.on_commit(async { println!("sent") });
//!     tx.execute("update account set cents = cents + 100 where id = 2", &[]).await
//! })
//! .await?;
//!
//! // Run again, in another transaction, if it fails of others (40001, 40P01).
//! let options = TransactionOptions::new().isolation_level(IsolationLevel::Serializable);
//! let total: i64 = dal
//!     .retrying(&options, &Retry::default(), |tx| async move {
//!         tx.query_scalar("select sum(cents)::bigint from account", &[]).await
//!     })
//!     .await?;
//! assert_eq!(total, 500);
//! # Ok::<(), aiodal::BoxError>(()) }) }
//! ```
//!
//! There are [`query_stream`](Transaction::query_stream), [`copy_in`](Transaction::copy_in) and
//! [`copy_out`](Transaction::copy_out), and [`client`](Transaction::client) for what is not wrapped. Statements that are polled
//! together share a round trip.
//!
//! ## Rows
//!
//! ```
//! # fn main() -> aiodal::__private::Verdict { aiodal::__private::example(async |dal| {
//! # let tx = dal.transaction().await?;
//! # tx.batch_execute("create table author (id int, full_name text, born int); insert into author values (1, 'Hep', 1907)").await?;
//! #[derive(aiodal::FromRow)]
//! struct Author {
//!     id: i32,
//!     #[aiodal(rename = "full_name")]
//!     name: String,
//!     born: Option<i32>,
//! }
//!
//! let authors: Vec<Author> = tx.query_as("select * from author", &[]).await?;
//! assert_eq!((authors[0].id, authors[0].name.as_str(), authors[0].born), (1, "Hep", Some(1907)));
//! let (id, name): (i32, String) = tx.query_one_as("select id, full_name from author", &[]).await?;
//! let count: i64 = tx.query_scalar("select count(*) from author", &[]).await?;
//! let page = tx.query_page_as::<Author>("select * from author order by id", &[], 10, 0).await?;
//! assert_eq!((page.rows.len(), page.total), (1, 1)); // one statement
//! # let _ = (id, name, count); Ok(()) }) }
//! ```
//!
//! A column that is missing or of another type is an error that names the struct, the field, the column and both types.
//!
//! ## The schema
//!
//! A database is reflected from its catalogs, a table when it is asked for, or as a whole.
//!
//! ```
//! # fn main() -> aiodal::__private::Verdict { aiodal::__private::example(async |dal| {
//! # let tx = dal.transaction().await?;
//! # tx.batch_execute("create table author (id serial primary key, name varchar(80) unique); \
//! #     create table book (id serial primary key, author int not null references author on delete cascade)").await?;
//! let author = tx.table("author").await?;
//! assert_eq!(author.column("name")?.data_type.sql, "character varying(80)");
//! assert_eq!(author.unique_constraints[0].columns, ["name"]);
//!
//! let schema = tx.schema().await?;
//! assert_eq!(schema.table("public.book")?.foreign_keys[0].referred_table, author.name);
//! let error = schema.table("autor").unwrap_err();
//! assert!(error.to_string().contains("did you mean \"author\"?"));
//! println!("{}", schema.mermaid()); // or `schema` itself, `schema.dot()`; with the feature `serde`, JSON
//! # Ok(()) }) }
//! ```
//!
//! ## Statements on reflected tables
//!
//! ```
//! # fn main() -> aiodal::__private::Verdict { aiodal::__private::example(async |dal| {
//! # let tx = dal.transaction().await?;
//! # tx.batch_execute("create table author (id serial primary key, name text unique, born int)").await?;
//! let author = tx.table("author").await?;
//! let row = author.insert().set("name", &"Hep").returning(["id"]).fetch_one(&tx).await?;
//! let id: i32 = row.get("id");
//! author.update().set("born", &1907).key(&[&id]).execute(&tx).await?;
//!
//! // On conflict with which key? The one whose columns are all given: here that of `name`.
//! author.upsert().set("name", &"Hep").set("born", &1908).update_rest().execute(&tx).await?;
//! let row = author.select().key(&[&id]).fetch_one(&tx).await?;
//! assert_eq!(row.get::<_, i32>("born"), 1908);
//! # Ok(()) }) }
//! ```
//!
//! ## Errors
//!
//! ```
//! # fn main() -> aiodal::__private::Verdict { aiodal::__private::example(async |dal| {
//! # let mut tx = dal.transaction().await?;
//! # tx.batch_execute("create table author (id serial primary key, name text constraint one_name unique)").await?;
//! # let tx = tx.savepoint().await?;
//! let error = tx.execute("insert into author (name) values ('Hep'), ('Hep')", &[]).await.unwrap_err();
//! assert!(error.is_unique_violation());
//! assert_eq!(error.constraint(), Some("one_name"));
//! println!("{error:#}"); // with the server's detail, hint, constraint, SQLSTATE, and the place in the statement
//! # Ok(()) }) }
//! ```
//!
//! # In bulk
//!
//! [`bulk`] loads files and rows by COPY, staged and merged where asked, and exports; in a test as everywhere:
//!
//! ```
//! # fn main() -> aiodal::__private::Verdict { aiodal::__private::example(async |dal| {
//! # dal.with_transaction(async |tx| tx.batch_execute("create table author (id int primary key, name text)").await).await?;
//! use aiodal::bulk::{Csv, Load, Merge, Source};
//!
//! let mut tx = dal.transaction().await?;
//! let authors = Source::bytes("name,id\nHep,1\nUrsula,2\n");
//! let report = Load::new(authors, Csv::new())
//!     .into_table("author")
//!     .merge(Merge::upsert().if_changed())
//!     .run(&mut tx)
//!     .await?;
//! assert_eq!(report.inserted, 2);
//! tx.commit().await?;
//! # Ok(()) }) }
//! ```
//!
//! # Features
//!
//! | feature | default | what it adds |
//! | --- | --- | --- |
//! | `derive` | yes | `#[derive(aiodal::FromRow)]` and `ToRow`; without it the traits are implemented by hand |
//! | `json` | no | columns of JSON into any type of serde's, and any row into JSON ([`row`]) |
//! | `test` | yes | the attributes and the session; an application turns it off for its dependency and on for its dev-dependency |
//! | `gzip`, `zstd` | no | compressed sources and exports in [`bulk`] |
//! | `indicatif` | no | [`Load::progress_bar`](bulk::Load) |
//! | `sea-query` | no | statements built with sea-query, their values converted to the types of their parameters (`SeaQuery`) |
//! | `refinery` | no | [`Migrations::refinery`](Migrations#method.refinery): what refinery has embedded builds the schema of a session |
//! | `rustls` | no | TLS to the server, with `sslmode` and its kin as in libpq |
//! | `serde` | no | the reflected [`Schema`] as data for serde: JSON and the like |
//! | `with-chrono-0_4`, `with-jiff-0_2`, `with-serde_json-1`, `with-time-0_3`, `with-uuid-1` | no | values of these crates as parameters and columns, as in tokio-postgres |
//! | `with-bigdecimal-0_4`, `with-rust_decimal-1` | no | values of these crates in statements of sea-query |
//!
//! The minimum supported Rust version is 1.95.

pub use aiodal_core::{
    BoxError, CancelToken, Connection, ConnectionSource, Connections, CopyIn, CopyOut,
    DataAccessLayer, DataAccessLayerBuilder, DatabaseUrl, DbError, Error, FromRow, IsolationLevel,
    OnNotice, Pool, PoolOptions, Reflect, Result, Retry, Row, RowStream, Savepoint, Schema,
    SimpleQueryMessage, Snapshot, SqlState, Statements, ToRow, Transaction, TransactionOptions,
    bulk, chain, connect, quote_ident, quote_literal, row, schema, types,
};

#[cfg(feature = "sea-query")]
pub use aiodal_core::SeaQuery;
pub use aiodal_core::{
    Arbiter, ArbiterElement, ArbiterKind, BoundStatement, Delete, Insert, Page, Select,
    TableSource, Update, Upsert,
};

#[cfg(feature = "derive")]
#[doc(inline)]
pub use aiodal_macros::{FromRow, ToRow};

#[cfg(feature = "rustls")]
pub use aiodal_core::rustls;
#[cfg(feature = "test")]
#[doc(inline)]
pub use aiodal_macros::{fixture, session, test};
#[cfg(feature = "test")]
pub use aiodal_test::{
    Config, EnterGuard, FinalizerOutcome, Finalizers, Fingerprint, Fixture, Isolation, Keep,
    Migrations, PoolConfig, PostgresConfig, Sandbox, Session, SetUpError, ShowSql,
};

/// Hearing of every statement: [`DataAccessLayerBuilder::observer`].
pub mod observe {
    pub use aiodal_core::{Observer, Outcome, Params, Started};
}

/// What generated code calls; not part of the stable interface.
#[cfg(feature = "test")]
#[doc(hidden)]
pub mod __private {
    pub use aiodal_core::IsolationLevel;
    pub use aiodal_test::{
        Context, Fixture, FixtureCall, FixtureFn, FixtureSource, Flavor, Interrupted, Isolation,
        LayerCall, LayerFn, Layered, NamedFixture, NamedSession, OfSession, OfTest, Plan, Provider,
        SessionCall, SessionContext, SessionFixtureFn, SessionSource, SessionType, SqlFixture,
        TestCase, Verdict, WithValues, ctor, example, register_session, run,
    };
}

/// The examples of the README and of the attributes' pages, compiled here: the macro crate cannot depend on the facade.
#[cfg(all(doctest, feature = "test", feature = "derive"))]
mod pages {
    #[doc = include_str!("../aiodal-macros/src/docs/test.md")]
    struct Test;

    #[doc = include_str!("../aiodal-macros/src/docs/fixture.md")]
    struct Fixture;

    #[doc = include_str!("../aiodal-macros/src/docs/session.md")]
    struct Session;

    #[doc = include_str!("../aiodal-macros/src/docs/from_row.md")]
    struct FromRow;

    #[doc = include_str!("../aiodal-macros/src/docs/to_row.md")]
    struct ToRow;

    #[doc = include_str!("../README.md")]
    struct Readme;

    #[doc = include_str!("../docs/migrating.md")]
    struct Migrating;

    #[doc = include_str!("../docs/limits.md")]
    struct Limits;

    #[doc = include_str!("../docs/sandbox.md")]
    struct Sandbox;
}
