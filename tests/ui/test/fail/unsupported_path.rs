#[aiodal::test]
async fn counts_flights(carriers: &std::vec::Vec<String>, flight: [u8; 2], pair: (u8, u8)) {
    let _ = (carriers, flight, pair);
}

fn main() {}
