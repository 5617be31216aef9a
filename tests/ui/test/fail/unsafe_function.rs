use aiodal::Transaction;

#[aiodal::test]
async unsafe fn counts_flights(tx: &mut Transaction) {
    let _ = tx;
}

fn main() {}
