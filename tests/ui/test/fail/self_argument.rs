use aiodal::Transaction;

struct Flights;

impl Flights {
    #[aiodal::test]
    async fn are_counted(&self, tx: &mut Transaction) {
        self.count(tx).await;
    }

    async fn count(&self, tx: &Transaction) {
        let _ = tx;
    }
}

fn main() {}
