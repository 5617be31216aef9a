//! No session: the schema comes from where the configuration says.

use aiodal::Transaction;

#[aiodal::test]
async fn names_are_as_expected(tx: &Transaction) -> aiodal::Result<()> {
    let sql = "select string_agg(name, ' ' order by id) from log";
    let names: String = tx.query_scalar(sql, &[]).await?;
    assert_eq!(names, std::env::var("CHILD_EXPECTED").unwrap_or_default());
    Ok(())
}
