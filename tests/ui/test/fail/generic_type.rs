use aiodal::Transaction;

#[aiodal::test]
async fn counts_flights<T: Default>(tx: &mut Transaction) {
    let _ = (tx, T::default());
}

fn main() {}
