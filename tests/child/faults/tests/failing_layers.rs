//! Fixtures of the session that write, and fail.

use aiodal::{BoxError, Migrations, Transaction};
use serde::{Deserialize, Serialize};

struct Library;

#[aiodal::session]
impl aiodal::Session for Library {
    fn migrations() -> Migrations {
        Migrations::dir("migrations")
    }
}

#[aiodal::fixture(scope = "session", named)]
async fn nameless(tx: &mut Transaction) -> Result<(), BoxError> {
    tx.execute("insert into author (name) values (null)", &[])
        .await?;
    Ok(())
}

#[aiodal::fixture(scope = "session", named)]
async fn on_nameless(tx: &mut Transaction, #[from(nameless)] _below: &()) -> Result<(), BoxError> {
    tx.batch_execute("select 1").await?;
    Ok(())
}

#[aiodal::fixture(scope = "session", named)]
async fn unheeding(tx: &mut Transaction) {
    // The transaction has failed, and nobody looks.
    let _unseen = tx.batch_execute("select 1 / 0").await;
}

#[aiodal::fixture(scope = "session", named)]
async fn deferring(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(
        "create table book (author int references author deferrable initially deferred); \
         insert into book values (1)",
    )
    .await
}

#[aiodal::fixture(scope = "session", named)]
async fn panicking(_tx: &mut Transaction) {
    panic!("on purpose");
}

#[derive(Serialize, Deserialize)]
struct OneWay {
    #[serde(skip_serializing)]
    _lost: i32,
}

#[aiodal::fixture(scope = "session")]
async fn one_way(_tx: &mut Transaction) -> OneWay {
    OneWay { _lost: 1 }
}

#[aiodal::test]
async fn a1_fails(#[from(nameless)] _rows: &()) {}

#[aiodal::test]
async fn a2_fails_too(#[from(nameless)] _rows: &()) {}

#[aiodal::test]
async fn a3_fails_with_what_is_below(#[from(on_nameless)] _rows: &()) {}

#[aiodal::test]
async fn b1_failed_transaction(#[from(unheeding)] _rows: &()) {}

#[aiodal::test]
async fn b2_refused_commit(#[from(deferring)] _rows: &()) {}

#[aiodal::test]
async fn b3_panic(#[from(panicking)] _rows: &()) {}

#[aiodal::test]
async fn b4_one_way(_rows: &OneWay) {}

#[aiodal::test]
async fn without_layers_it_passes(tx: &Transaction) -> aiodal::Result<()> {
    tx.batch_execute("select 1").await
}
