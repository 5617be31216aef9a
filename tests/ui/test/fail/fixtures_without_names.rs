use aiodal::Transaction;

#[aiodal::test(fixtures)]
async fn alone(tx: &mut Transaction) {
    let _ = tx;
}

#[aiodal::test(fixtures())]
async fn nothing_in_parentheses(tx: &mut Transaction) {
    let _ = tx;
}

#[aiodal::test(fixtures = "users")]
async fn not_a_list(tx: &mut Transaction) {
    let _ = tx;
}

#[aiodal::test(fixtures(path = "../sql"))]
async fn path_alone(tx: &mut Transaction) {
    let _ = tx;
}

fn main() {}
