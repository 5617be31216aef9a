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
async fn first(tx: &Transaction) {
    let _unused = tx;
    panic!("the body must not run");
}

#[aiodal::test]
async fn second(tx: &Transaction) {
    let _unused = tx;
    panic!("the body must not run");
}

#[aiodal::test]
#[should_panic]
async fn third_should_panic(tx: &Transaction) {
    let _unused = tx;
    panic!("the body must not run");
}
