//! Two tests at once with a pool of one: whoever waits is told who has the connection.

use std::time::Duration;

use aiodal::Transaction;
use tokio::sync::Semaphore;

/// Opened when the other test has been refused.
static REFUSED: Semaphore = Semaphore::const_new(0);

async fn hold(tx: &Transaction) {
    tx.batch_execute("select 1")
        .await
        .expect("the server answers");
    // The other test is refused after the pool's `connection_timeout`, which is a fraction of this.
    let _elapsed = tokio::time::timeout(Duration::from_secs(2), REFUSED.acquire()).await;
}

#[aiodal::test]
async fn one(tx: &Transaction) {
    hold(tx).await;
}

#[aiodal::test]
async fn other(tx: &Transaction) {
    hold(tx).await;
}
