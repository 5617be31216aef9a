use aiodal::Transaction;

#[aiodal::test(timeout = "0s")]
async fn counts_flights(tx: &mut Transaction) {
    let _ = tx;
}

fn main() {}
