use aiodal::Transaction;

#[aiodal::test]
async fn counts_flights(tx: &mut Transaction) {
    tx.execute("select count(*) from flights", &[]).await?;
}

fn main() {}
