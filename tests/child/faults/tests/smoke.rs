//! smoke
use aiodal::Transaction;

#[aiodal::test]
async fn inserts(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create table t (id int primary key)")
        .await?;
    tx.execute("insert into t values ($1)", &[&1]).await?;
    let n: i64 = tx.query_one("select count(*) from t", &[]).await?.get(0);
    assert_eq!(n, 1);
    Ok(())
}
#[aiodal::test]
async fn inserts_too(tx: Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create table t (id int primary key)")
        .await?;
    Ok(())
}
#[aiodal::test]
async fn panics(tx: &Transaction) {
    tx.batch_execute("create table t (id int primary key)")
        .await
        .unwrap();
    panic!("boom");
}
#[aiodal::test]
async fn errs(tx: &Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create tabel t (id int primary key)")
        .await?;
    Ok(())
}
#[aiodal::test]
async fn escapes(tx: &Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create table esc (id int primary key); COMMIT")
        .await?;
    Ok(())
}
#[aiodal::test(timeout = "200ms")]
async fn times_out(tx: &Transaction) -> aiodal::Result<()> {
    tx.execute("select pg_sleep(100)", &[]).await?;
    Ok(())
}
