#[derive(aiodal::ToRow)]
enum Status {
    Alive,
}

fn main() {}
