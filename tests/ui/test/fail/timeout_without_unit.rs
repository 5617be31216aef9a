use aiodal::Transaction;

#[aiodal::test(timeout = 5)]
async fn counts_flights(tx: &mut Transaction) {
    let _ = tx;
}

fn main() {}
