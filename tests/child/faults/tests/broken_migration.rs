//! A session whose second migration fails.

use aiodal::{Migrations, Transaction};

struct Broken;

#[aiodal::session]
impl aiodal::Session for Broken {
    fn migrations() -> Migrations {
        Migrations::dir("broken_migrations")
    }
}

#[aiodal::test]
async fn first(_tx: &Transaction) {
    panic!("the body must not run");
}

#[aiodal::test]
async fn second(_tx: &Transaction) {
    panic!("the body must not run");
}

#[aiodal::test]
#[should_panic]
#[expect(
    clippy::should_panic_without_expect,
    reason = "a set-up that panicked would pass"
)]
async fn third_should_panic(_tx: &Transaction) {
    panic!("the body must not run");
}
