use aiodal::Transaction;

#[aiodal::test]
async fn counts_flights(tx: &mut Transaction, expected: u32) {
    let _ = (tx, expected);
}

fn main() {}
