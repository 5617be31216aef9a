#[derive(aiodal::FromRow)]
struct Author {
    #[aiodal(prefix = "author_")]
    name: String,
}

fn main() {}
