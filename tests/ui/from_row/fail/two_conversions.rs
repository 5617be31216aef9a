#[derive(aiodal::FromRow)]
struct Author {
    #[aiodal(json, try_from = "i64")]
    id: i32,
}

fn main() {}
