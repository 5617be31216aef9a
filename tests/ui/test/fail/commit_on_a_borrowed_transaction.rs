use aiodal::Transaction;

#[aiodal::test]
async fn counts_flights(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.commit().await
}

fn main() {}
