struct Flights<T>(T);

#[aiodal::session]
impl<T: Send + Sync + 'static> aiodal::Session for Flights<T> {}

fn main() {}
