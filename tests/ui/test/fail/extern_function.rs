use aiodal::Transaction;

#[aiodal::test]
async extern "C" fn counts_flights(tx: &mut Transaction) {
    let _ = tx;
}

fn main() {}
