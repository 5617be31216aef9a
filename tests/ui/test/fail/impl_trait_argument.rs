use aiodal::Transaction;

#[aiodal::test]
async fn counts_flights(tx: &mut Transaction, name: impl AsRef<str>) {
    let _ = (tx, name.as_ref());
}

fn main() {}
