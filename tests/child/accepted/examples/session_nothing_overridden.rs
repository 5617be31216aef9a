struct Flights;

#[aiodal::session]
impl aiodal::Session for Flights {}

fn main() {}
