#[derive(aiodal::FromRow)]
struct Author {
    #[aiodal(flatten)]
    id: i32,
}

fn main() {}
