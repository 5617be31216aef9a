#[derive(aiodal::FromRow)]
struct Author {
    #[aiodal(skip, default)]
    name: String,
}

fn main() {}
