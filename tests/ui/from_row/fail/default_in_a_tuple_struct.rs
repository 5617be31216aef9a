#[derive(aiodal::FromRow)]
struct Author(i32, #[aiodal(default)] String);

fn main() {}
