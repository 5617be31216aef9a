#[derive(aiodal::FromRow)]
struct Author {
    #[aiodal(default = "no_name")]
    name: String,
}

fn main() {}
