//! What holds of the data access layer, tested on a real PostgreSQL.

mod connect;
mod database;
mod keys;
mod layer;
mod on_loan;
mod property;
mod reflect;
mod rows;

#[cfg(unix)]
#[path = "../support/postgres.rs"]
mod postgres;
#[path = "../support/server.rs"]
mod server;
