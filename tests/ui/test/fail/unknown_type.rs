#[aiodal::test]
async fn counts_flights(tx: &mut aiodal::Transactional, carriers: Vec<Carrier>) -> aiodal::Missing {
    let _ = (tx, carriers);
}

fn main() {}
