use aiodal::Transaction;

#[aiodal::test]
#[test_case("UA" => 7)]
async fn counts_flights(carrier: &str, tx: &mut Transaction) -> i64 {
    let _ = (carrier, tx);
    7
}

fn main() {}
