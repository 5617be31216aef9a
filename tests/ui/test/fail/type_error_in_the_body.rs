use aiodal::Transaction;

#[aiodal::test]
async fn counts_flights(tx: &mut Transaction) {
    let _ = tx;
    let flights: u32 = "three";
}

fn main() {}
