use aiodal::Transaction;

#[aiodal::test]
async fn counts_flights(#[cfg(unix)] tx: &mut Transaction) {
    let _ = tx;
}

fn main() {}
