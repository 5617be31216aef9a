//! What the data access layer does, tested on a real PostgreSQL.

mod reflect;
#[path = "../support/server.rs"]
mod server;
