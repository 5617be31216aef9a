#[aiodal::test]
async fn counts_flights(expected: &mut u32) {
    let _ = expected;
}

fn main() {}
