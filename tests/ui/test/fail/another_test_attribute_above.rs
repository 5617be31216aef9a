#[tokio::test]
#[aiodal::test]
async fn counts_flights() {}

fn main() {}
