//! Tests that end their own transaction, each followed by one that must not see what it wrote.

use aiodal::{Fingerprint, Migrations, Transaction};

/// With migrations the database is ours to replace, on a given server too.
struct Prepared;

#[aiodal::session]
impl aiodal::Session for Prepared {
    fn migrations() -> Migrations {
        Migrations::dir("migrations")
    }

    /// Another run of this binary at the same time would see what this one commits: each has its own database.
    fn fingerprint(inputs: &mut Fingerprint) {
        inputs.text(&std::process::id().to_string());
    }
}

async fn write(tx: &Transaction) -> aiodal::Result<()> {
    tx.batch_execute("insert into author (name) values ('escaped')")
        .await
}

async fn assert_unwritten(tx: &Transaction) -> aiodal::Result<()> {
    let rows: i64 = tx
        .query_one("select count(*) from author", &[])
        .await?
        .get(0);
    assert_eq!(rows, 0, "the next test sees what the escaped one wrote");
    Ok(())
}

#[aiodal::test]
async fn a1_commit(tx: &Transaction) -> aiodal::Result<()> {
    write(tx).await?;
    tx.batch_execute("COMMIT").await
}

#[aiodal::test]
async fn a2_after_commit(tx: &Transaction) -> aiodal::Result<()> {
    assert_unwritten(tx).await
}

#[aiodal::test]
async fn b1_commit_and_begin(tx: &Transaction) -> aiodal::Result<()> {
    write(tx).await?;
    tx.batch_execute("select 1; commit; begin").await
}

#[aiodal::test]
async fn b2_after_commit_and_begin(tx: &Transaction) -> aiodal::Result<()> {
    assert_unwritten(tx).await
}

#[aiodal::test]
async fn c1_commit_and_chain(tx: &Transaction) -> aiodal::Result<()> {
    write(tx).await?;
    tx.batch_execute("commit and chain").await
}

#[aiodal::test]
async fn c2_after_commit_and_chain(tx: &Transaction) -> aiodal::Result<()> {
    assert_unwritten(tx).await
}

#[aiodal::test]
async fn d1_commit_then_failure(tx: &Transaction) -> aiodal::Result<()> {
    write(tx).await?;
    tx.batch_execute("commit and chain").await?;
    tx.batch_execute("select 1 / 0")
        .await
        .expect_err("division by zero");
    Ok(())
}

#[aiodal::test]
async fn d2_after_commit_then_failure(tx: &Transaction) -> aiodal::Result<()> {
    assert_unwritten(tx).await
}

#[aiodal::test]
async fn e1_rollback(tx: &Transaction) -> aiodal::Result<()> {
    tx.batch_execute("rollback").await?;
    // From here on every statement commits by itself.
    write(tx).await
}

#[aiodal::test]
async fn e2_after_rollback(tx: &Transaction) -> aiodal::Result<()> {
    assert_unwritten(tx).await
}

#[aiodal::test]
#[should_panic = "as it should"]
async fn f1_should_panic_and_commit(tx: &Transaction) {
    write(tx).await.expect("writing works");
    tx.batch_execute("commit").await.expect("it can");
    panic!("as it should");
}

#[aiodal::test]
async fn f2_after_should_panic_and_commit(tx: &Transaction) -> aiodal::Result<()> {
    assert_unwritten(tx).await
}
