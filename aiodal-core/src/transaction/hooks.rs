//! What runs once a transaction has committed.

use std::future::Future;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::pin::Pin;

use futures_util::FutureExt;

use super::Transaction;

pub(super) type Hook = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Transaction {
    /// Has something done once the transaction has committed: a message sent, a cache dropped.
    ///
    /// Hooks run in the order in which they were left, as part of [`commit`](Transaction::commit), when the connection is
    /// back in its pool. One that was left behind a savepoint is dropped if the savepoint is rolled back, and all are if
    /// the transaction is. A panic in one neither undoes the commit nor stops the others; `commit` passes it on at the end.
    ///
    /// In a test, whose transaction never commits, they are [counted](Transaction::on_commit_count) and not run.
    ///
    /// ```no_run
    /// # async fn send_welcome(_: i32) {}
    /// # async fn example(tx: aiodal_core::Transaction) -> aiodal_core::Result<()> {
    /// let id: i32 = tx.query_one("insert into author default values returning id", &[]).await?.get(0);
    /// tx.on_commit(async move { send_welcome(id).await });
    /// tx.commit().await
    /// # }
    /// ```
    pub fn on_commit(&self, hook: impl Future<Output = ()> + Send + 'static) {
        self.shared().add_hook(Box::pin(hook));
    }

    /// Returns how many hooks a commit would run.
    #[must_use]
    pub fn on_commit_count(&self) -> usize {
        self.shared().count_hooks()
    }
}

/// Runs all of them, and passes the first panic on.
pub(super) async fn run(hooks: Vec<Hook>) {
    let mut first_panic = None;
    for hook in hooks {
        if let Err(panic) = AssertUnwindSafe(hook).catch_unwind().await {
            first_panic.get_or_insert(panic);
        }
    }
    if let Some(panic) = first_panic {
        resume_unwind(panic);
    }
}
