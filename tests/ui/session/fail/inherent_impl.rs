struct Flights;

#[aiodal::session]
impl Flights {}

fn main() {}
