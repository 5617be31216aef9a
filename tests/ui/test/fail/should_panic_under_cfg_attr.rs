use aiodal::Transaction;

#[aiodal::test]
#[cfg_attr(unix, should_panic)]
async fn counts_flights(tx: &mut Transaction) {
    let _ = tx;
}

fn main() {}
