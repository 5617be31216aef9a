struct Flights;

#[aiodal::session]
impl aiodal::Session for &'static Flights {}

fn main() {}
