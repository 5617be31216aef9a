use aiodal::Transaction;

#[aiodal::test]
const fn counts_flights(tx: &mut Transaction) {
    let _ = tx;
}

fn main() {}
