//! What holds of the data access layer, tested on a real PostgreSQL.

mod cancel;
mod connect;
mod copy;
mod hooks;
mod keys;
mod property;
mod reflect;
mod retry;
mod rows;
mod statements;
mod transaction;

mod database;
#[cfg(unix)]
#[path = "../support/postgres.rs"]
mod postgres;
mod proxy;
#[path = "../support/server.rs"]
mod server;
