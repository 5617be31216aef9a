#[derive(aiodal::ToRow)]
union Either {
    one: i32,
}

fn main() {}
