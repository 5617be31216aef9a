#[aiodal::test]
async fn counts_flights(name: &str) {
    let _ = name;
}

fn main() {}
