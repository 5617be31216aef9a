use aiodal::Transaction;

#[aiodal::test]
#[test_case("UA", 2013)]
#[test_case("DL")]
async fn counts_flights(carrier: &str, year: i32, tx: &mut Transaction) {
    let _ = (carrier, year, tx);
}

fn main() {}
