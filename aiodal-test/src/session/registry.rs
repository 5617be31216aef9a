//! Sessions registered before `main`, by what `#[aiodal::session]` expands to.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use aiodal_core::{BoxError, Transaction};

use super::overrides::Session;
use crate::config::Config;
use crate::set_up::SetUpError;
use crate::template::{Fingerprint, Migrations};

/// Where a session was registered, and what the attribute knows of it.
///
/// Made by `#[aiodal::session]`; not part of the stable interface.
#[derive(Clone, Copy, Debug)]
pub struct SessionSource {
    /// The type that implements [`Session`].
    pub name: &'static str,
    /// The file of the `impl`.
    pub file: &'static str,
    /// Its line.
    pub line: u32,
    /// The directory of the package.
    pub manifest_dir: &'static str,
    /// A hash of the tokens of the `impl`: an edited seed makes another template.
    pub source_hash: u64,
    /// Whether the `impl` has a `seed` of its own.
    pub seeds: bool,
}

type Seed = for<'a> fn(
    &'a mut Transaction,
) -> Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send + 'a>>;

/// A registered session, its type erased.
#[derive(Clone, Copy)]
pub(crate) struct Registration {
    pub(crate) source: SessionSource,
    pub(crate) configure: fn(&mut Config),
    pub(crate) migrations: fn() -> Migrations,
    pub(crate) fingerprint: fn(&mut Fingerprint),
    pub(crate) seed: Seed,
}

/// All registrations of this process. Written before `main` only, by one thread.
static REGISTERED: Mutex<Vec<Registration>> = Mutex::new(Vec::new());

/// Registers a session. Called before `main`: it must not print and must not panic.
pub fn register_session<S: Session>(source: SessionSource) {
    let registration = Registration {
        source,
        configure: S::configure,
        migrations: S::migrations,
        fingerprint: S::fingerprint,
        seed: |tx| Box::pin(S::seed(tx)),
    };
    REGISTERED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(registration);
}

/// Returns the session of this binary, if it has one.
///
/// # Errors
///
/// It has more than one.
pub(crate) fn registered() -> Result<Option<Registration>, SetUpError> {
    let registered = REGISTERED.lock().unwrap_or_else(PoisonError::into_inner);
    if let [] | [_] = registered[..] {
        return Ok(registered.first().copied());
    }
    let mut places: Vec<_> = registered
        .iter()
        .map(|registration| registration.source.to_string())
        .collect();
    places.sort();
    Err(SetUpError::new(
        "a test binary has one session, and this one registers several",
        format!(
            "{}\nremove `#[aiodal::session]` from all but one",
            places.join("\n")
        ),
    ))
}

impl fmt::Display for SessionSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}:{}", self.name, self.file, self.line)
    }
}
