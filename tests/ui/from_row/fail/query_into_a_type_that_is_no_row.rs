struct Author {
    name: String,
}

async fn authors(tx: &aiodal::Transaction) -> aiodal::Result<Vec<Author>> {
    tx.query_as("select name from author", &[]).await
}

fn main() {}
