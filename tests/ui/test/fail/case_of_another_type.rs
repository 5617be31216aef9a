use aiodal::Transaction;

#[aiodal::test]
#[case("UA", 2013)]
#[case("DL", "2013")]
async fn counts_flights(#[case] carrier: &str, #[case] year: i32, tx: &mut Transaction) {
    let _ = (carrier, year, tx);
}

fn main() {}
