//! What holds of loading and exporting in bulk, tested on a real PostgreSQL.

mod convert;
mod csv;
mod etl;
mod export;
mod faults;
mod json_lines;
mod load;
mod merge;
mod nycflights;
mod parallel;
mod rejects;
mod rows;
mod sources;

#[path = "../dal/database.rs"]
mod database;
#[path = "../dal/proxy.rs"]
mod proxy;
#[path = "../support/server.rs"]
mod server;
