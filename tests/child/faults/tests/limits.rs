//! Tests that do what their transaction can't.

use aiodal::{DatabaseUrl, Transaction};

#[aiodal::test]
async fn vacuums(tx: &Transaction) -> aiodal::Result<()> {
    tx.batch_execute("vacuum pg_class").await
}

#[aiodal::test]
async fn commits_in_a_procedure(tx: &Transaction) -> aiodal::Result<()> {
    tx.batch_execute(
        "create procedure commits() language plpgsql as $$ begin commit; end $$; call commits()",
    )
    .await
}

#[aiodal::test]
async fn listens(tx: &Transaction) {
    tx.batch_execute("listen arrivals").await.expect("it can");
    panic!("nothing was heard");
}

#[aiodal::test]
async fn listens_and_passes(tx: &Transaction) -> aiodal::Result<()> {
    tx.batch_execute("listen arrivals").await
}

#[aiodal::test(isolation = "none")]
async fn writes_without_isolation(tx: &Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create table t (n int)").await
}

#[aiodal::test]
async fn makes_its_transaction_read_only(tx: &Transaction) -> aiodal::Result<()> {
    tx.batch_execute("set transaction_read_only = on; create table t (n int)")
        .await
}

#[aiodal::test]
async fn asks_for_the_url(_url: &DatabaseUrl) {}

#[aiodal::test]
async fn fails_for_another_reason(tx: &Transaction) -> aiodal::Result<()> {
    tx.batch_execute("select 1 / 0").await
}
