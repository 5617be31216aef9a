#[derive(aiodal::FromRow)]
struct Author {
    #[aiodal(rename = full_name)]
    name: String,
}

fn main() {}
