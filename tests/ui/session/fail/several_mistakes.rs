struct Flights<T>(T);

#[aiodal::session(timeout = "5s", crate = 5)]
impl<T> Default for Flights<T>
where
    T: Default,
{
    fn default() -> Self {
        Self(T::default())
    }
}

fn main() {}
