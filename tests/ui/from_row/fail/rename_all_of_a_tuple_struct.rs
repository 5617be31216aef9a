#[derive(aiodal::FromRow)]
#[aiodal(rename_all = "camelCase")]
struct Author(i32, String);

fn main() {}
