use aiodal::Transaction;

#[aiodal::test("multi_thread")]
async fn counts_flights(tx: &mut Transaction) {
    let _ = tx;
}

fn main() {}
