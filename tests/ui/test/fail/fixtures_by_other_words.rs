use aiodal::Transaction;

#[aiodal::test(fixtures(users))]
async fn without_quotes(tx: &mut Transaction) {
    let _ = tx;
}

#[aiodal::test(fixtures(path = "../sql", scripts("users")))]
async fn as_sqlx_has_it(tx: &mut Transaction) {
    let _ = tx;
}

#[aiodal::test(fixtures("users", "users"))]
async fn twice(tx: &mut Transaction) {
    let _ = tx;
}

#[aiodal::test(fixtures("users"), fixtures("posts"))]
async fn two_lists(tx: &mut Transaction) {
    let _ = tx;
}

fn main() {}
