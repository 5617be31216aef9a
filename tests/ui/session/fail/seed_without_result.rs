struct Flights;

#[aiodal::session]
impl aiodal::Session for Flights {
    async fn seed(tx: &mut aiodal::Transaction) {
        let _ = tx;
    }
}

fn main() {}
