use aiodal::Transaction;

#[aiodal::test(flavor = "multi_thread", worker_threads = 0)]
async fn counts_flights(tx: &mut Transaction) {
    let _ = tx;
}

fn main() {}
