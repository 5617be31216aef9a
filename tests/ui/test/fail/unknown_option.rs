use aiodal::Transaction;

#[aiodal::test(time_out = "5s")]
async fn counts_flights(tx: &mut Transaction) {
    let _ = tx;
}

fn main() {}
