use aiodal::Transaction;

#[aiodal::test]
async fn counts_flights(tx: &mut Transaction, other: aiodal::Transaction) {
    let _ = (tx, other);
}

fn main() {}
