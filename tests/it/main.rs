//! What holds of transactions, runtimes and the session, tested on a real PostgreSQL by the framework itself.

mod pool;
mod provision;
mod runtimes;
mod savepoints;
#[path = "../support/server.rs"]
mod server;
mod session;
mod statements;
mod support;
