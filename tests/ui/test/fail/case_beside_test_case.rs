use aiodal::Transaction;

#[aiodal::test]
#[case("UA")]
#[test_case("DL")]
async fn counts_flights(#[case] carrier: &str, tx: &mut Transaction) {
    let _ = (carrier, tx);
}

fn main() {}
