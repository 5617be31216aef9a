use aiodal::Transaction;

#[aiodal::test(isolation_level = "serializable")]
async fn counts_flights(tx: &mut Transaction) {
    let _ = tx;
}

fn main() {}
