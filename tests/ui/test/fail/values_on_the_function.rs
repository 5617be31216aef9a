use aiodal::Transaction;

#[aiodal::test]
#[values("UA", "DL")]
async fn counts_flights(carrier: &str, tx: &mut Transaction) {
    let _ = (carrier, tx);
}

fn main() {}
