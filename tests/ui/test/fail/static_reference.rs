use aiodal::Transaction;

#[aiodal::test]
async fn counts_flights(tx: &'static Transaction) {
    let _ = tx;
}

fn main() {}
