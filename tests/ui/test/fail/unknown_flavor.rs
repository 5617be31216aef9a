use aiodal::Transaction;

#[aiodal::test(flavor = "multithread", worker_threads = 2)]
async fn counts_flights(tx: &mut Transaction) {
    let _ = tx;
}

fn main() {}
