struct Settings {
    theme: String,
}

#[derive(aiodal::FromRow)]
struct User {
    #[aiodal(json)]
    settings: Settings,
}

fn main() {}
