#[derive(aiodal::ToRow)]
#[aiodal(rename_all = "camelcase")]
struct Author {
    #[aiodal(skip, rename = "n")]
    name: String,
    #[aiodal(flatten, into = "i64")]
    rest: i64,
    #[aiodal(prefix = "a_")]
    age: i32,
    #[aiodal(json, into = "i64", try_into = "i64")]
    settings: i32,
    #[aiodal(in_to = "i64")]
    born: i32,
}

fn main() {}
