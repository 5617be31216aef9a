//! What holds of transactions, runtimes and the session, tested on a real PostgreSQL by the framework itself.

mod fixtures;
mod pages;
mod parameters;
mod pool;
mod provision;
mod runtimes;
mod savepoints;
#[path = "../support/server.rs"]
mod server;
mod session;
mod sql_fixtures;
mod statements;
mod support;
