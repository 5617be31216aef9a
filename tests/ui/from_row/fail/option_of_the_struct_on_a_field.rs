#[derive(aiodal::FromRow)]
struct Author {
    #[aiodal(rename_all = "camelCase")]
    full_name: String,
}

fn main() {}
