//! What runs once a transaction has committed.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, Location, resume_unwind};
use std::pin::Pin;

use futures_util::FutureExt;

use super::Transaction;

/// Something to be done on commit, and what it goes by.
pub(super) struct Hook {
    name: Name,
    run: Pin<Box<dyn Future<Output = ()> + Send>>,
}

enum Name {
    Given(String),
    /// Where it was left.
    Place(&'static Location<'static>),
}

impl Transaction {
    /// Has something done once the transaction has committed: a message sent, a cache dropped.
    ///
    /// Hooks run in the order in which they were left, as part of [`commit`](Transaction::commit), when the connection is
    /// back in its pool. One that was left behind a savepoint is dropped if the savepoint is rolled back, and all are if
    /// the transaction is. A panic in one neither undoes the commit nor stops the others; `commit` passes it on at the end.
    ///
    /// In a test, whose transaction never commits, they are [named](Transaction::on_commit_names) and
    /// [run](Transaction::run_on_commit) where the test says so.
    ///
    /// ```no_run
    /// # async fn send_welcome(_: i32) {}
    /// # async fn example(tx: aiodal_core::Transaction) -> aiodal_core::Result<()> {
    /// let id: i32 = tx.query_one("insert into author default values returning id", &[]).await?.get(0);
    /// tx.on_commit(async move { send_welcome(id).await });
    /// tx.commit().await
    /// # }
    /// ```
    #[track_caller]
    pub fn on_commit(&self, hook: impl Future<Output = ()> + Send + 'static) {
        let name = Name::Place(Location::caller());
        self.shared().add_hook(Hook::new(name, hook));
    }

    /// The same under a name, for a test to ask for.
    ///
    /// ```no_run
    /// # async fn send_welcome() {}
    /// # fn example(tx: &aiodal_core::Transaction) {
    /// tx.on_commit_named("welcome mail", send_welcome());
    /// assert_eq!(tx.on_commit_names(), ["welcome mail"]);
    /// # }
    /// ```
    pub fn on_commit_named(
        &self,
        name: impl Into<String>,
        hook: impl Future<Output = ()> + Send + 'static,
    ) {
        let name = Name::Given(name.into());
        self.shared().add_hook(Hook::new(name, hook));
    }

    /// Returns how many hooks a commit would run.
    #[must_use]
    pub fn on_commit_count(&self) -> usize {
        self.shared().count_hooks()
    }

    /// Returns the names of the hooks that a commit would run, in their order: of one without a name, the file and line
    /// where it was left.
    #[must_use]
    pub fn on_commit_names(&self) -> Vec<String> {
        self.shared().hook_names()
    }

    /// Runs the hooks that are waiting, as a commit would, and returns how many there were.
    ///
    /// For tests, whose transaction never commits. What is run here does not run again.
    ///
    /// # Panics
    ///
    /// If a hook does, once all of them have run.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the hooks that have not run by then never do.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # use std::sync::{Arc, atomic::{AtomicBool, Ordering}};
    /// # async fn example(tx: &aiodal_core::Transaction) {
    /// let sent = Arc::new(AtomicBool::new(false));
    /// let flag = sent.clone();
    /// tx.on_commit(async move { flag.store(true, Ordering::Relaxed) });
    /// assert_eq!(tx.run_on_commit().await, 1);
    /// assert!(sent.load(Ordering::Relaxed));
    /// # }
    /// ```
    pub async fn run_on_commit(&self) -> usize {
        let hooks = self.shared().take_hooks();
        let count = hooks.len();
        run(hooks).await;
        count
    }
}

impl Hook {
    fn new(name: Name, run: impl Future<Output = ()> + Send + 'static) -> Hook {
        let run = Box::pin(run);
        Hook { name, run }
    }

    pub(super) fn name(&self) -> String {
        self.name.to_string()
    }
}

/// Runs all of them, and passes the first panic on.
pub(super) async fn run(hooks: Vec<Hook>) {
    let mut first_panic = None;
    for hook in hooks {
        if let Err(panic) = AssertUnwindSafe(hook.run).catch_unwind().await {
            first_panic.get_or_insert(panic);
        }
    }
    if let Some(panic) = first_panic {
        resume_unwind(panic);
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Name::Given(name) => f.write_str(name),
            Name::Place(place) => write!(f, "{}:{}", place.file(), place.line()),
        }
    }
}
