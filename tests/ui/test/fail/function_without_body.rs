use aiodal::Transaction;

#[aiodal::test]
async fn counts_flights(tx: &mut Transaction);

fn main() {}
