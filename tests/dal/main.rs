//! What holds of the data access layer, tested on a real PostgreSQL.

mod connect;
#[cfg(unix)]
mod connect_server;
#[cfg(all(unix, feature = "rustls"))]
mod connect_tls;
mod keys;
mod property;
mod reflect;
mod rows;

#[cfg(unix)]
#[path = "../support/postgres.rs"]
mod postgres;
#[path = "../support/server.rs"]
mod server;
