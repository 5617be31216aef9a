struct Other;

#[aiodal::session(named = "other")]
impl aiodal::Session for Other {}

fn main() {}
