//! Whose code is running, for data access layers that nobody has passed on: a test's, by its Tokio runtime, or by what a thread
//! has entered.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, PoisonError, RwLock};

use aiodal_core::Ambient;
use tokio::runtime::{self, Handle};

/// The tests that have asked for it. One stays when it has ended: a thread that has outlived it, and its runtime, is to get an
/// error, not the database of production. Tokio counts runtimes, so that no two have the same id.
///
/// Guards the map, for a look or a store.
static TESTS: RwLock<Option<HashMap<runtime::Id, Arc<Ambient>>>> = RwLock::new(None);

thread_local! {
    /// What this thread has entered, the last one last.
    static ENTERED: RefCell<Vec<Arc<Ambient>>> = const { RefCell::new(Vec::new()) };
}

fn current() -> Option<Arc<Ambient>> {
    // While the thread ends there is nothing any more that it has entered.
    let entered = ENTERED.try_with(|entered| entered.borrow().last().cloned());
    entered.ok().flatten().or_else(|| {
        let runtime = Handle::try_current().ok()?.id();
        let tests = TESTS.read().unwrap_or_else(PoisonError::into_inner);
        tests.as_ref()?.get(&runtime).cloned()
    })
}

/// A test whose code is told by its runtime. Dropped, it has ended.
#[derive(Debug)]
pub(crate) struct OfTest(Arc<Ambient>);

impl OfTest {
    /// Has all that runs on the current runtime be the test's.
    pub(crate) fn here(ambient: &Arc<Ambient>) -> OfTest {
        Ambient::found_by(current);
        let mut tests = TESTS.write().unwrap_or_else(PoisonError::into_inner);
        tests
            .get_or_insert_default()
            .insert(Handle::current().id(), ambient.clone());
        OfTest(ambient.clone())
    }
}

impl Drop for OfTest {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// As long as it lives, the thread runs code of the test. Returned by [`Sandbox::enter`](crate::Sandbox::enter).
#[must_use = "the thread leaves the sandbox when it is dropped"]
pub struct EnterGuard {
    ambient: Arc<Ambient>,
    /// It belongs to the thread.
    _not_send: PhantomData<*const ()>,
}

impl EnterGuard {
    pub(crate) fn new(ambient: &Arc<Ambient>) -> EnterGuard {
        Ambient::found_by(current);
        ENTERED.with_borrow_mut(|entered| entered.push(ambient.clone()));
        EnterGuard {
            ambient: ambient.clone(),
            _not_send: PhantomData,
        }
    }
}

impl Drop for EnterGuard {
    fn drop(&mut self) {
        // Guards may be dropped in any order.
        let _thread_ends = ENTERED.try_with(|entered| {
            let mut entered = entered.borrow_mut();
            let last = entered
                .iter()
                .rposition(|it| Arc::ptr_eq(it, &self.ambient));
            last.map(|last| entered.remove(last))
        });
    }
}

impl fmt::Debug for EnterGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EnterGuard").field(&self.ambient).finish()
    }
}
