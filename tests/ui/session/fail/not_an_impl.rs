#[aiodal::session]
struct Flights;

fn main() {}
