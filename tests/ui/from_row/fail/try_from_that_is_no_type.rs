#[derive(aiodal::FromRow)]
struct Author {
    #[aiodal(try_from = 64)]
    id: i32,
}

fn main() {}
