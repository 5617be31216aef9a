//! The data access layer, tested on a real PostgreSQL.

mod cancel;
mod copy;
mod database;
mod hooks;
mod proxy;
mod retry;
#[path = "../support/server.rs"]
mod server;
mod statements;
mod transaction;
