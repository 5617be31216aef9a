struct Address {
    city: String,
}

#[derive(aiodal::FromRow)]
struct Author {
    id: i32,
    address: Address,
}

fn main() {}
