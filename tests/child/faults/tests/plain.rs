//! A test that passes wherever it can begin.

use aiodal::Transaction;

#[aiodal::test]
async fn answers(tx: &Transaction) -> aiodal::Result<()> {
    let one: i32 = tx.query_one("select 1", &[]).await?.get(0);
    assert_eq!(one, 1);
    Ok(())
}

#[aiodal::test]
async fn answers_again(tx: &Transaction) -> aiodal::Result<()> {
    tx.execute("select $1::int4", &[&2]).await?;
    Ok(())
}

#[aiodal::test]
#[should_panic]
#[expect(
    clippy::should_panic_without_expect,
    reason = "a set-up that panicked would pass"
)]
async fn should_panic(tx: &Transaction) {
    tx.batch_execute("select 1")
        .await
        .expect("the server answers");
    panic!("as it should");
}

#[aiodal::test]
async fn needs_nothing() {}
