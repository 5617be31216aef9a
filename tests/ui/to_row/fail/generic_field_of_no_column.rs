struct Isbn;

#[derive(aiodal::ToRow)]
struct Book<T> {
    isbn: T,
}

fn is_row<T: aiodal::ToRow>() {}

fn main() {
    is_row::<Book<i64>>();
    is_row::<Book<Isbn>>();
}
