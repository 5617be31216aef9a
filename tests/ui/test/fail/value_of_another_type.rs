use aiodal::Transaction;

#[aiodal::test]
async fn counts_flights(#[values(2013, "2014")] year: i32, tx: &mut Transaction) {
    let _ = (year, tx);
}

fn main() {}
