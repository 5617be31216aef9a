//! What no passing test can show: tests that fail, run as child processes, and what they say.
//!
//! The crates under `faults/` and `renamed/` are workspace members that `cargo test` leaves alone.
//! They are built once per process and their binaries run directly.

mod configuration;
mod crates;
mod endings;
mod escapes;
mod kills;
mod run;
mod scope;
#[path = "../support/server.rs"]
mod server;
mod set_up;
