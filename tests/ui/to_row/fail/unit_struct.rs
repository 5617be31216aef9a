#[derive(aiodal::ToRow)]
struct Nothing;

#[derive(aiodal::ToRow)]
struct NothingIsLeft {
    #[aiodal(skip)]
    id: i32,
}

fn main() {}
