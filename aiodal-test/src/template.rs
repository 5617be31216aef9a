//! Prepared once: the template database, and the session database cloned from it.
//!
//! A template is known by the hash of all that went into it. It is built under a lock, marked last
//! (`datistemplate`), and never connected to again; a build that died half-way has no mark and is
//! dropped by the next. Tests run in a clone, the *session database*, which all processes and runs with the same
//! template share: rollback keeps them apart. One that a test has committed to is marked tainted, and the next is made.

mod admin;
mod build;
mod databases;
mod fingerprint;
mod migrations;
mod names;
mod recipe;
mod split;

pub(crate) use self::admin::Admin;
pub(crate) use self::build::open_session_database;
pub use self::fingerprint::Fingerprint;
pub use self::migrations::Migrations;
pub(crate) use self::names::READY;
pub(crate) use self::recipe::Recipe;
pub(crate) use self::split::split;
