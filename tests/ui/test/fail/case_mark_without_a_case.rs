use aiodal::Transaction;

#[aiodal::test]
async fn counts_flights(#[case] carrier: &str, tx: &mut Transaction) {
    let _ = (carrier, tx);
}

fn main() {}
