//! Sessions registered before `main`, by what `#[aiodal::session]` expands to.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use aiodal_core::{BoxError, DataAccessLayerBuilder, Transaction};

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

type OnTransaction = for<'a> fn(
    &'a mut Transaction,
) -> Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send + 'a>>;

/// A registered session, its type erased.
#[derive(Clone, Copy)]
pub(crate) struct Registration {
    pub(crate) source: SessionSource,
    pub(crate) configure: fn(&mut Config),
    pub(crate) migrations: fn() -> Migrations,
    pub(crate) fingerprint: fn(&mut Fingerprint),
    pub(crate) seed: OnTransaction,
    pub(crate) data_access_layer: fn(DataAccessLayerBuilder) -> DataAccessLayerBuilder,
    pub(crate) begin: OnTransaction,
}

/// All registrations of this process. Written before `main` only, by one thread.
static REGISTERED: Mutex<Vec<Registration>> = Mutex::new(Vec::new());

/// A session that `#[aiodal::session]` stands above.
///
/// Not part of the stable interface.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no session that a test can name",
    label = "not a session",
    note = "write `#[aiodal::session(named)]` above its `impl aiodal::Session`"
)]
pub trait NamedSession: Session {
    /// What the attribute knows of it.
    const SOURCE: SessionSource;
}

/// A session that a test names: `session = MySession`.
///
/// Not part of the stable interface.
#[derive(Clone, Copy)]
pub struct SessionType(fn() -> Registration);

/// What tells the sessions of a process from each other: type, file and line.
pub(crate) type SessionId = (&'static str, &'static str, u32);

impl SessionType {
    /// The session of that type.
    #[must_use]
    pub const fn of<S: NamedSession>() -> SessionType {
        SessionType(Registration::of::<S>)
    }

    pub(crate) fn registration(self) -> Registration {
        (self.0)()
    }
}

impl SessionSource {
    pub(crate) fn id(&self) -> SessionId {
        (self.name, self.file, self.line)
    }
}

impl fmt::Debug for SessionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SessionType")
            .field(&self.registration().source)
            .finish()
    }
}

impl Registration {
    fn of<S: NamedSession>() -> Registration {
        Registration {
            source: S::SOURCE,
            configure: S::configure,
            migrations: S::migrations,
            fingerprint: S::fingerprint,
            seed: |tx| Box::pin(S::seed(tx)),
            data_access_layer: S::data_access_layer,
            begin: |tx| Box::pin(S::begin(tx)),
        }
    }
}

/// Registers a session. Called before `main`: it must not print and must not panic.
pub fn register_session<S: NamedSession>() {
    REGISTERED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(Registration::of::<S>());
}

/// Returns the session of this binary for tests that name none, if it has one.
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
        "a test binary has one session by default, and this one registers several",
        format!(
            "{}\nwrite `#[aiodal::session(named)]` above all but one, and name it in the tests that belong to it: \
             `#[aiodal::test(session = ..)]`",
            places.join("\n")
        ),
    ))
}

impl fmt::Display for SessionSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}:{}", self.name, self.file, self.line)
    }
}
