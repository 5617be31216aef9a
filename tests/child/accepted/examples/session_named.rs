//! Sessions that tests name, beside that of the binary.

struct Library;
struct Other;
struct Third;

#[aiodal::session]
impl aiodal::Session for Library {}

#[aiodal::session(named)]
impl aiodal::Session for Other {}

#[aiodal::session(crate = aiodal, named)]
impl aiodal::Session for Third {}

#[aiodal::test(session = Other)]
async fn names_a_session() {}

#[aiodal::test(session = Library)]
async fn names_that_of_the_binary() {}

fn main() {}
