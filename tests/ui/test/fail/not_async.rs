use aiodal::Transaction;

#[aiodal::test]
fn counts_flights(tx: &mut Transaction) {
    let _ = tx;
}

fn main() {}
