struct Settings;

#[derive(aiodal::ToRow)]
struct Author {
    #[aiodal(json)]
    settings: Option<Settings>,
}

fn main() {}
