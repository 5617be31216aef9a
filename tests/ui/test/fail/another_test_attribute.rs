use aiodal::Transaction;

#[aiodal::test]
#[tokio::test]
async fn counts_flights(tx: &mut Transaction) {
    let _ = tx;
}

fn main() {}
