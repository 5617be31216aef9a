//! Connections that move between runtimes.
//!
//! A socket belongs to the reactor it is registered with, and a statement that waits for a socket of
//! another thread pays for two thread switches: nearly three times the cost of the round trip itself.
//! So a pooled connection is kept *parked*: its socket registered nowhere, its driver polled by nobody. A test takes
//! it onto its own runtime, and parks it again at the end. Nothing of the session runs while the test does.
//!
//! - [`address`]: where a server was found.
//! - [`transport`]: a stream that can be parked and registered anew.
//! - [`socket`]: such a stream and the TLS session on it, shared by those who speak on it in turn.
//! - [`upgrade`]: has a socket speak TLS when the server agrees.
//! - [`driver`]: the tokio-postgres connection, driven by whichever runtime has it.
//! - [`login`]: says why a login by password is slow, if it is.
//! - [`source`]: makes connections for the session's pool, and says which are fit to return to it.

mod address;
mod driver;
mod login;
mod socket;
mod source;
mod transport;
mod upgrade;

pub(crate) use self::driver::Running;
pub(crate) use self::socket::Socket;
pub(crate) use self::source::{Backend, BackendSource, connect};
#[cfg(test)]
pub(crate) use self::transport::Transport;
