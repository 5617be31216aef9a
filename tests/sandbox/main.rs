//! The sandbox beside a real database: whatever clients do, both answer the same.
//!
//! Random scripts are run at both, and every answer is compared. `SANDBOX_SEED` runs the script of that seed again, and
//! `SANDBOX_SCRIPT` the script in a file; both show the answers. `SANDBOX_SECONDS` says for how long a search goes on.

mod alike;
mod beside;
mod client;
mod compare;
mod endpoint;
mod expected;
mod explained;
mod fields;
mod fuzz;
mod generate;
mod ground;
mod message;
mod minimise;
mod raw;
mod reply;
mod run;
mod script;
mod search;
mod texts;

#[path = "../dal/property/random.rs"]
mod random;
#[path = "../support/server.rs"]
mod server;

/// Migrations make a template, so that databases are cloned on a given server too.
struct Authors;

#[aiodal::session]
impl aiodal::Session for Authors {
    fn migrations() -> aiodal::Migrations {
        aiodal::Migrations::dir("tests/database/migrations")
    }
}
