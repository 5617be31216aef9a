use aiodal::Transaction;

#[aiodal::test]
#[case("UA")]
async fn counts_flights(#[case("DL")] carrier: &str, tx: &mut Transaction) {
    let _ = (carrier, tx);
}

fn main() {}
