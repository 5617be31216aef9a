#[aiodal::session]
impl aiodal::Session for (u8, u8) {}

fn main() {}
