//! Prepared once: the template database, and the session database cloned from it.
//!
//! A template is known by the hash of all that went into it. It is built under a lock, marked last
//! (`datistemplate`), and never connected to again; a build that died half-way has no mark and is
//! dropped by the next. Tests run in a clone, the *session database*, which all processes and runs with the same
//! template share: rollback keeps them apart. One that a test has committed to is marked tainted, and the next is made.
//!
//! A fixture of the session that writes is a *layer*: a copy of the template, or of another layer, with its rows in it,
//! built and marked in the same way. Tests that ask for layers run in a session database of theirs.

mod admin;
mod build;
mod chain;
mod clones;
mod databases;
mod fingerprint;
mod layers;
mod migrations;
mod names;
mod recipe;
mod refused;
mod split;
mod sweep;
mod told;
mod values;

pub(crate) use self::admin::Admin;
pub(crate) use self::build::{SessionDatabase, open_session_database};
pub(crate) use self::chain::Chain;
pub(crate) use self::clones::{FoundClone, State, Template};
pub use self::fingerprint::Fingerprint;
pub use self::migrations::Migrations;
pub(crate) use self::migrations::{Meta, meta};
pub(crate) use self::names::{KEPT, READY, TAKEN, clone_number, template_of};
pub(crate) use self::recipe::{Recipe, project};
pub(crate) use self::split::{Statement, split};
pub(crate) use self::told::{CANCELS, NOTIFIES, SANDBOX, TERMINATES};
pub(crate) use self::values::Values;
