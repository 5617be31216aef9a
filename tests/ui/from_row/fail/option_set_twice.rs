#[derive(aiodal::FromRow)]
struct Author {
    #[aiodal(rename = "a")]
    #[aiodal(rename = "b")]
    name: String,
}

fn main() {}
