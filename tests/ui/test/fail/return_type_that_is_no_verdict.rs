use aiodal::Transaction;

#[aiodal::test]
async fn counts_flights(tx: &mut Transaction) -> u32 {
    let _ = tx;
    3
}

fn main() {}
