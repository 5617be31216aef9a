//! A test that commits in a database which is not ours to replace.

use aiodal::Transaction;

#[aiodal::test]
async fn commits(tx: &Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create table committed (id int); commit")
        .await
}
