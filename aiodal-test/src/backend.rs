//! Connections that move between runtimes.
//!
//! A socket belongs to the reactor it is registered with, and a statement that waits for a socket of
//! another thread pays for two thread switches: nearly three times the cost of the round trip itself.
//! So a pooled connection is kept *parked*: its socket registered nowhere, its driver polled by nobody. A test takes
//! it onto its own runtime, and parks it again at the end. Nothing of the session runs while the test does.
//!
//! - [`socket`]: a stream that can be parked and registered anew.
//! - [`driver`]: the tokio-postgres connection, driven by whichever runtime has it.
//! - [`login`]: says why a login by password is slow, if it is.
//! - [`source`]: makes connections for the session's pool, and says which are fit to return to it.

mod driver;
mod login;
mod socket;
mod source;

pub(crate) use self::driver::Running;
pub(crate) use self::socket::Socket;
pub(crate) use self::source::{Backend, BackendSource, connect};
