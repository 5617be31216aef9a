//! The data access layer against a real PostgreSQL.

mod connect;
#[cfg(unix)]
mod connect_server;
#[cfg(all(unix, feature = "rustls"))]
mod connect_tls;

#[path = "../support/postgres.rs"]
#[cfg(unix)]
mod postgres;
#[path = "../support/server.rs"]
mod server;
