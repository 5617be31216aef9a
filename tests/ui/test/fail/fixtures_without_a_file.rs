use aiodal::Transaction;

#[aiodal::test(fixtures("users"))]
async fn counts_users(tx: &mut Transaction) {
    let _ = tx;
}

fn main() {}
