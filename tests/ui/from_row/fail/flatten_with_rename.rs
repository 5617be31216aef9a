#[derive(aiodal::FromRow)]
struct Book {
    #[aiodal(flatten, rename = "author")]
    author: Author,
}

#[derive(aiodal::FromRow)]
struct Author {
    name: String,
}

fn main() {}
