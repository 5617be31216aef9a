//! What holds of the data access layer, tested on a real PostgreSQL.

mod cancel;
mod connect;
mod copy;
mod database;
mod hooks;
mod inspect;
mod keys;
mod layer;
mod on_loan;
mod property;
mod proxy;
mod reflect;
mod retry;
mod rows;
mod statements;
mod transaction;

#[cfg(all(unix, feature = "rustls"))]
#[path = "../support/authority.rs"]
mod authority;
#[cfg(unix)]
#[path = "../support/postgres.rs"]
mod postgres;
#[path = "../support/server.rs"]
mod server;
