use aiodal::Transaction;

#[aiodal::test]
async fn counts_flights(#[values((1, 2), (3, 4))] (month, day): (u8, u8), tx: &mut Transaction) {
    let _ = (month, day, tx);
}

fn main() {}
