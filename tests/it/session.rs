//! What tests of a process share, and what they don't.

use aiodal::Transaction;

#[aiodal::test]
async fn table_of_another_test_is_not_seen_one(tx: &Transaction) -> aiodal::Result<()> {
    make_and_look(tx).await
}

#[aiodal::test]
async fn table_of_another_test_is_not_seen_two(tx: &Transaction) -> aiodal::Result<()> {
    make_and_look(tx).await
}

/// Fails in whichever test comes second, if it sees anything of the first.
async fn make_and_look(tx: &Transaction) -> aiodal::Result<()> {
    let table = format!("shared_name_{}", std::process::id());
    let there: bool = tx
        .query_one("select to_regclass($1) is not null", &[&table])
        .await?
        .get(0);
    assert!(!there, "what the other test made was not rolled back");
    tx.batch_execute(&format!("create table {table} (n int)"))
        .await
}

#[aiodal::test]
async fn transaction_is_read_committed_and_may_write(tx: &Transaction) -> aiodal::Result<()> {
    let sql =
        "select current_setting('transaction_isolation'), current_setting('transaction_read_only')";
    let row = tx.query_one(sql, &[]).await?;
    assert_eq!(
        (row.get::<_, &str>(0), row.get::<_, &str>(1)),
        ("read committed", "off")
    );
    Ok(())
}

#[aiodal::test]
async fn escape_is_not_suspected_where_there_is_none(tx: &mut Transaction) -> aiodal::Result<()> {
    // All of these come close to ending a transaction, or to wiping the marks that its end is known by.
    tx.batch_execute("reset all; set constraints all deferred; set time zone 'Asia/Tokyo'; set datestyle = 'German'").await?;
    tx.batch_execute("savepoint mine; select 1; rollback to mine; release mine")
        .await?;
    tx.batch_execute(
        "do $$ begin begin raise exception 'x'; exception when others then null; end; end $$",
    )
    .await?;
    tx.execute("select 'commit'", &[]).await?;
    Ok(())
}

#[aiodal::test]
async fn test_without_database_needs_none() {
    assert!(tokio::runtime::Handle::try_current().is_ok());
}
