use aiodal::Transaction;

#[aiodal::test(timeout = "5s", start_paused = true, timeout = "10s")]
async fn counts_flights(tx: &mut Transaction) {
    let _ = tx;
}

fn main() {}
