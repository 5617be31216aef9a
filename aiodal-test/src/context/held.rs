//! The database that a test has been given, from its set-up to its end.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, MutexGuard};

use crate::ambient::OfTest;
use crate::database::OwnDatabase;
use crate::journal::Journal;
use crate::locks::Watching;
use crate::rollback::Lease;
use crate::sandbox::{SandboxLease, SandboxReport};
use crate::session::{self, Place, Session};

/// The database that a test has been given.
pub(crate) struct Held {
    pub(crate) session: &'static Session,
    pub(crate) place: Arc<Place>,
    pub(crate) database: Database,
    /// Whoever finds it without having been passed anything, if that was asked for.
    pub(crate) ambient: Option<OfTest>,
}

/// What keeps it apart from those of others.
pub(crate) enum Database {
    /// A transaction in the database of the place.
    Lent(Lent),
    /// A database like that of the place.
    Own(Box<OwnDatabase>),
}

/// A lease, and the entry of who has it.
pub(crate) struct Lent {
    pub(crate) lease: Leased,
    pub(crate) watching: Watching,
    pub(crate) read_only: bool,
    pub(crate) ticket: session::Ticket,
}

/// The connection, with or without a sandbox on it.
pub(crate) enum Leased {
    Direct(Box<Lease>),
    Sandbox(Box<SandboxLease>),
}

/// The lock on a database that is there.
pub(super) struct Given<'a>(pub(super) MutexGuard<'a, Option<Held>>);

impl Deref for Given<'_> {
    type Target = Held;

    fn deref(&self) -> &Held {
        self.0.as_ref().expect("it has begun")
    }
}

impl DerefMut for Given<'_> {
    fn deref_mut(&mut self) -> &mut Held {
        self.0.as_mut().expect("it has begun")
    }
}

impl Leased {
    /// Returns what the sandbox has to say, if there is one.
    pub(crate) fn sandbox_report(&self) -> Option<Arc<SandboxReport>> {
        match self {
            Leased::Direct(_) => None,
            Leased::Sandbox(lease) => Some(lease.report()),
        }
    }
}

impl Database {
    pub(crate) fn journal(&self) -> &Arc<Journal> {
        match self {
            Database::Lent(lent) => match &lent.lease {
                Leased::Direct(lease) => lease.journal(),
                Leased::Sandbox(lease) => lease.journal(),
            },
            Database::Own(own) => &own.journal,
        }
    }
}
