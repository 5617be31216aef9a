//! A session whose second migration fails.

use aiodal::{Fingerprint, Migrations, Transaction};

struct Broken;

#[aiodal::session]
impl aiodal::Session for Broken {
    fn migrations() -> Migrations {
        Migrations::dir("broken_migrations")
    }

    /// Two runs of nextest at the same time tell their failures apart by the template that failed.
    fn fingerprint(inputs: &mut Fingerprint) {
        inputs.text(&std::env::var("NEXTEST_RUN_ID").unwrap_or_default());
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
