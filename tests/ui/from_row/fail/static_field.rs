#[derive(aiodal::FromRow)]
struct Author {
    name: Option<&'static str>,
}

fn main() {}
