use aiodal::Transaction;

#[aiodal::test]
#[case("UA")]
async fn counts_flights(tx: &mut Transaction) {
    let _ = tx;
}

fn main() {}
