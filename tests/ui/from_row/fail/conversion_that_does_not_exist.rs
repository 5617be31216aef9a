struct Id(i64);

#[derive(aiodal::FromRow)]
struct Author {
    #[aiodal(from = "i64")]
    id: Id,
}

fn main() {}
