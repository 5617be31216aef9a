use aiodal::Transaction;

#[aiodal::test]
#[should_panic]
async fn counts_flights(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.execute("select count(*) from flights", &[]).await?;
    Ok(())
}

fn main() {}
