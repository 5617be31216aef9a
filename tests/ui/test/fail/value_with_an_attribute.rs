use aiodal::Transaction;

#[aiodal::test]
async fn counts_flights(#[values("UA", #[ignore] "DL")] carrier: &str, tx: &mut Transaction) {
    let _ = (carrier, tx);
}

fn main() {}
