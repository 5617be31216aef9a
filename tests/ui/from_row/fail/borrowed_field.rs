#[derive(aiodal::FromRow)]
struct Author<'a> {
    name: &'a str,
}

fn main() {}
