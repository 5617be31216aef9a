#[aiodal::test]
async fn counts_flights(tx: &mut aiodal::Transactional, carriers: Vec<Carrier>) -> aiodal::Outcome {
    let _ = (tx, carriers);
}

fn main() {}
