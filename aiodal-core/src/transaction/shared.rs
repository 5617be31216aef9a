//! What a transaction and the savepoints in it have in common.

use std::fmt;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::hooks::Hook;
use crate::dal::{Aliases, DataAccessLayer};

/// What a transaction and the savepoints in it have in common.
#[derive(Default)]
pub(crate) struct Shared {
    /// Guards the list only; hooks run when it has been taken out.
    hooks: Mutex<Vec<Hook>>,
    /// Whose transaction it is, if it is one of a data access layer. Set when it begins.
    dal: OnceLock<DataAccessLayer>,
    /// Names given in this transaction.
    pub(crate) aliases: Aliases,
}

impl Shared {
    pub(super) fn set_dal(&self, dal: DataAccessLayer) {
        // Only ever set to the one.
        let _same = self.dal.set(dal);
    }

    pub(super) fn dal(&self) -> Option<&DataAccessLayer> {
        self.dal.get()
    }

    pub(super) fn add_hook(&self, hook: Hook) {
        self.hooks().push(hook);
    }

    pub(super) fn take_hooks(&self) -> Vec<Hook> {
        std::mem::take(&mut *self.hooks())
    }

    pub(crate) fn count_hooks(&self) -> usize {
        self.hooks().len()
    }

    pub(super) fn hook_names(&self) -> Vec<String> {
        self.hooks().iter().map(Hook::name).collect()
    }

    /// Forgets all hooks but the first so many.
    pub(crate) fn truncate_hooks(&self, count: usize) {
        // Dropped outside of the lock: what they have captured may do anything when it is.
        let dropped = {
            let mut hooks = self.hooks();
            let count = count.min(hooks.len());
            hooks.split_off(count)
        };
        drop(dropped);
    }

    fn hooks(&self) -> MutexGuard<'_, Vec<Hook>> {
        self.hooks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("hooks", &self.count_hooks())
            .finish()
    }
}
