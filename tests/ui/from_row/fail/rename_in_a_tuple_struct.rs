#[derive(aiodal::FromRow)]
struct Author(#[aiodal(rename = "id")] i32, String);

fn main() {}
