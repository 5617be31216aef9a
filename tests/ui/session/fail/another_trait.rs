struct Flights;

#[aiodal::session]
impl Default for Flights {
    fn default() -> Self {
        Self
    }
}

fn main() {}
