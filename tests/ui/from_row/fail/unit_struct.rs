#[derive(aiodal::FromRow)]
struct Nothing;

fn main() {}
