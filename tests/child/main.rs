//! What no passing test can show: tests that fail, run as child processes, and what they say.
//!
//! The crates under `faults/` and `renamed/` are workspace members that `cargo test` leaves alone.
//! They are built once per process and their binaries run directly.

#[path = "../support/authority.rs"]
mod authority;
mod clients;
mod configuration;
mod crates;
mod databases;
mod encrypted;
mod endings;
mod escapes;
mod fixtures;
mod kills;
mod layers;
mod limits;
mod locks;
mod migrations;
mod overrides;
mod parameters;
mod passwords;
#[expect(dead_code, reason = "nothing here starts a server anew")]
#[path = "../support/postgres.rs"]
mod postgres;
mod precedence;
mod production;
mod reports;
mod run;
mod scope;
#[path = "../support/server.rs"]
mod server;
mod sessions;
mod set_up;
