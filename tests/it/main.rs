//! What holds of transactions, runtimes and the session, tested on a real PostgreSQL by the framework itself.

mod pool;
mod runtimes;
mod savepoints;
mod session;
mod statements;
mod support;
