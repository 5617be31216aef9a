use aiodal::Transaction;

#[aiodal::test(start_paused = "true")]
async fn counts_flights(tx: &mut Transaction) {
    let _ = tx;
}

fn main() {}
