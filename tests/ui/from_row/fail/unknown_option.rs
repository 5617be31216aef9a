#[derive(aiodal::FromRow)]
struct Author {
    #[aiodal(renamed = "full_name")]
    name: String,
}

fn main() {}
