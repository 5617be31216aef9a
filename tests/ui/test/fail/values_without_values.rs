use aiodal::Transaction;

#[aiodal::test]
async fn counts_flights(#[values] carrier: &str, #[values()] year: i32, tx: &mut Transaction) {
    let _ = (carrier, year, tx);
}

fn main() {}
