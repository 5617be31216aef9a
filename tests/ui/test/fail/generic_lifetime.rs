use aiodal::Transaction;

#[aiodal::test]
async fn counts_flights<'a>(tx: &'a mut Transaction) {
    let _ = tx;
}

fn main() {}
