struct Author {
    name: String,
}

#[derive(aiodal::ToRow)]
struct Book {
    #[aiodal(flatten)]
    author: Author,
}

fn main() {}
