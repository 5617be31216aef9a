struct Isbn(String);

#[derive(aiodal::ToRow)]
struct Book {
    #[aiodal(into = "String")]
    isbn: Isbn,
    #[aiodal(try_into = "String")]
    other: Option<Isbn>,
}

fn main() {}
