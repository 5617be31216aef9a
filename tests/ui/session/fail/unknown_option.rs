struct Flights;

#[aiodal::session(krate = my_aiodal)]
impl aiodal::Session for Flights {}

fn main() {}
