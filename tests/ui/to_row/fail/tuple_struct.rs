#[derive(aiodal::ToRow)]
#[aiodal(rename_all = "camelCase")]
struct Author(#[aiodal(rename = "n")] String, #[aiodal(flatten)] i32);

fn main() {}
