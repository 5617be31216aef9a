//! Fixtures that fail, and what is left to be done after tests that do.

use std::time::Duration;

use aiodal::{Finalizers, Transaction};

/// What a test is torn down by, told in the output of the test.
struct Told;

#[aiodal::fixture]
async fn told(finalizers: &Finalizers) -> Told {
    finalizers.add(async { println!("the first is finalized") });
    finalizers.add(async {
        tokio::task::yield_now().await;
        println!("the second is finalized");
    });
    Told
}

impl Drop for Told {
    fn drop(&mut self) {
        println!("the value is dropped");
    }
}

#[aiodal::test]
async fn a1_panic(_told: &Told) {
    panic!("the body says no");
}

#[aiodal::test]
async fn a2_err(_told: &Told, tx: &Transaction) -> aiodal::Result<()> {
    tx.batch_execute("select nothing").await
}

#[aiodal::test(timeout = "200ms")]
async fn a3_timeout(_told: &Told) {
    std::future::pending::<()>().await;
}

#[aiodal::test]
#[should_panic(expected = "the body says no")]
async fn a4_expected_panic(_told: &Told) {
    panic!("the body says no");
}

#[aiodal::fixture]
async fn faulty(finalizers: &Finalizers) -> u8 {
    finalizers.add(async { println!("the first is finalized") });
    finalizers.add(async { Err::<(), _>(std::io::Error::other("the disk is full")) });
    finalizers.add(async { assert_eq!(1, 2, "the finalizer says no") });
    1
}

#[aiodal::test]
async fn b1_finalizers_fail(#[from(faulty)] _one: u8) {}

#[aiodal::test]
async fn b2_finalizers_fail_after_a_panic(#[from(faulty)] _one: u8) {
    panic!("the body says no");
}

#[aiodal::test]
#[should_panic(expected = "the body says no")]
async fn b3_finalizers_fail_after_an_expected_panic(#[from(faulty)] _one: u8) {
    panic!("the body says no");
}

#[aiodal::test(timeout = "200ms")]
async fn b4_finalizer_is_never_done(finalizers: &Finalizers) {
    finalizers.add(async { println!("the first is finalized") });
    finalizers.add(std::future::pending::<()>());
}

struct Author;
struct Posts;

#[aiodal::fixture]
async fn author(tx: &mut Transaction) -> aiodal::Result<Author> {
    tx.batch_execute("insert into auhtor values (1)").await?;
    Ok(Author)
}

#[aiodal::fixture]
async fn posts(_author: &Author) -> Posts {
    Posts
}

#[aiodal::test]
async fn c1_fixture_fails(_told: &Told, _posts: &Posts) {
    println!("the body runs");
}

#[aiodal::test]
#[should_panic(expected = "auhtor")]
async fn c2_fixture_fails_where_a_panic_is_expected(_posts: &Posts) {
    panic!("auhtor");
}

#[aiodal::fixture(named)]
async fn panicking() -> u8 {
    panic!("no {}", "author")
}

#[aiodal::test]
async fn c3_fixture_panics(#[from(panicking)] _value: u8) {
    println!("the body runs");
}

#[aiodal::fixture(named)]
async fn hanging() -> u8 {
    tokio::time::sleep(Duration::from_secs(600)).await;
    1
}

#[aiodal::test(timeout = "200ms")]
async fn c4_fixture_hangs(#[from(hanging)] _value: u8) {
    println!("the body runs");
}

#[aiodal::fixture(named)]
async fn egg(#[from(hen)] hen: &u8) -> u8 {
    *hen
}

#[aiodal::fixture(named)]
async fn hen(#[from(egg)] egg: &u8) -> u8 {
    *egg
}

#[aiodal::fixture(named)]
async fn farm(#[from(hen)] hen: u8) -> u8 {
    hen
}

#[aiodal::test]
async fn d1_cycle(#[from(farm)] _farm: u8) {
    println!("the body runs");
}

#[aiodal::fixture(named)]
async fn one() -> u8 {
    println!("one is set up");
    1
}

#[aiodal::fixture(named)]
async fn taker(#[from(one)] one: u8) -> u8 {
    one
}

#[aiodal::test]
async fn d2_taken_and_asked_for(#[from(taker)] _taker: u8, #[from(one)] _one: &u8) {
    println!("the body runs");
}

struct Dear;

#[aiodal::fixture(scope = "session")]
async fn dear() -> Result<Dear, String> {
    Err("the quota is used up".to_owned())
}

struct Dearer;

#[aiodal::fixture(scope = "session")]
async fn dearer(_dear: &Dear) -> Dearer {
    Dearer
}

#[aiodal::test]
async fn e1_session_fixture_fails(_dear: &Dear) {}

#[aiodal::test]
async fn e2_session_fixture_has_failed(_dear: &Dear) {}

#[aiodal::test]
async fn e3_session_fixture_of_another_has_failed(_dearer: &Dearer) {}

#[aiodal::test]
async fn e4_session_fixture_is_taken(_dear: Dear) {}

#[aiodal::fixture(scope = "session", named)]
async fn broken() -> u8 {
    panic!("broken for all")
}

#[aiodal::test]
async fn e5_session_fixture_panics(#[from(broken)] _broken: &u8) {}

#[aiodal::test]
async fn e6_session_fixture_has_panicked(#[from(broken)] _broken: &u8) {}
