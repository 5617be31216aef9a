struct Flights;

#[aiodal::session]
#[cfg(any())]
impl aiodal::Session for Missing {}

#[aiodal::session]
#[cfg(not(any()))]
impl aiodal::Session for Flights {}

fn main() {}
