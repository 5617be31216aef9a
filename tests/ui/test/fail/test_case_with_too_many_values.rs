#[aiodal::test]
#[test_case("UA", 2013)]
async fn counts_flights(carrier: &str) {
    let _ = carrier;
}

fn main() {}
