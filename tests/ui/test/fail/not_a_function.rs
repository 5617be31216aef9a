use aiodal::Transaction;

#[aiodal::test]
struct Flights {
    tx: Transaction,
}

fn main() {}
