struct Flights;

#[aiodal::session]
unsafe impl aiodal::Session for Flights {}

fn main() {}
