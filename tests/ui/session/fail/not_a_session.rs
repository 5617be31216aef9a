struct Other;

impl aiodal::Session for Other {}

#[aiodal::test(session = Other)]
async fn names_a_session(_tx: &aiodal::Transaction) {}

fn main() {}
