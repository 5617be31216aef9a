struct Cache;

#[derive(aiodal::FromRow)]
struct Author {
    id: i32,
    #[aiodal(skip)]
    cache: Cache,
}

fn main() {}
