async fn count(tx: &aiodal::Transaction) -> aiodal::Result<i64> {
    let (count,): (i64,) = tx.query_scalar("select count(*) from author", &[]).await?;
    Ok(count)
}

fn main() {}
