use aiodal::Transaction;

#[aiodal::test(retries = 3)]
async fn counts_flights(tx: &mut Transaction) {
    let _ = tx;
}

fn main() {}
