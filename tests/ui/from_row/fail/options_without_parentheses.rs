#[derive(aiodal::FromRow)]
struct Author {
    #[aiodal = "skip"]
    name: String,
}

fn main() {}
