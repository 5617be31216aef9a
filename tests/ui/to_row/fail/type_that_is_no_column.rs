#[derive(Debug)]
struct Isbn(i64);

#[derive(aiodal::ToRow)]
struct Book {
    isbn: Isbn,
    #[aiodal(into = "Isbn")]
    other: i64,
}

impl From<&i64> for Isbn {
    fn from(number: &i64) -> Isbn {
        Isbn(*number)
    }
}

fn main() {}
