#[derive(aiodal::FromRow)]
#[aiodal(rename_all = "camel_case")]
struct Author {
    full_name: String,
}

fn main() {}
