#[derive(aiodal::FromRow)]
enum Mood {
    Sad,
    Happy,
}

fn main() {}
