use aiodal::Transaction;

#[aiodal::test]
#[case::united::airlines("UA")]
async fn counts_flights(#[case] carrier: &str, tx: &mut Transaction) {
    let _ = (carrier, tx);
}

fn main() {}
