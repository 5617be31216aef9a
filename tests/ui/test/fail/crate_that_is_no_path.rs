use aiodal::Transaction;

#[aiodal::test(crate = "my-aiodal")]
async fn counts_flights(tx: &mut Transaction) {
    let _ = tx;
}

fn main() {}
