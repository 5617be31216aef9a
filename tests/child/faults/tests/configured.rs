//! Where the configuration comes from: the package's file, and the environment over it.

use aiodal::Transaction;

#[aiodal::test]
async fn work_mem_is_as_expected(tx: &Transaction) -> aiodal::Result<()> {
    let work_mem: String = tx
        .query_one("select current_setting('work_mem')", &[])
        .await?
        .get(0);
    assert_eq!(Some(work_mem), std::env::var("EXPECTED_WORK_MEM").ok());
    Ok(())
}

#[aiodal::test]
async fn takes_long(tx: &Transaction) -> aiodal::Result<()> {
    tx.execute("select pg_sleep(600)", &[]).await?;
    Ok(())
}
