struct Address;

#[derive(aiodal::FromRow)]
struct Named<T> {
    name: String,
    value: T,
}

fn is_row<T: aiodal::FromRow>() {}

fn main() {
    is_row::<Named<i64>>();
    is_row::<Named<Address>>();
}
