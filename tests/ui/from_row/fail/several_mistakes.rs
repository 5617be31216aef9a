#[derive(aiodal::FromRow)]
#[aiodal(rename_all = "camel", crate = 5)]
struct Author<'a> {
    #[aiodal(renam = "id", default = true)]
    id: i32,
    #[aiodal(prefix = 5)]
    name: &'a str,
}

// What is derived is there all the same: this is no further mistake.
fn is_row<T: aiodal::FromRow>() {}

fn use_it() {
    is_row::<Author<'static>>();
}

fn main() {}
