#[derive(aiodal::FromRow)]
#[aiodal(default)]
struct Author {
    full_name: String,
}

fn main() {}
