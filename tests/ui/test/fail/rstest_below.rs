use aiodal::Transaction;

#[aiodal::test]
#[rstest]
#[case("UA")]
async fn counts_flights(carrier: &str, tx: &mut Transaction) {
    let _ = (carrier, tx);
}

fn main() {}
