#[derive(aiodal::FromRow)]
union Either {
    int: i32,
    float: f32,
}

fn main() {}
