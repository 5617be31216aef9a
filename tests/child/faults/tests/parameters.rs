//! Functions with parameters, and files of SQL, some of which fail.

use aiodal::{Config, Transaction};

#[aiodal::test]
#[case::united("UA", true)]
#[case::delta("DL", false)]
#[ignore = "never run"]
#[case::nobody("??", true)]
#[case("AA", true)]
async fn the_carrier_flies(#[case] code: &str, #[case] flies: bool, #[values(1, 500)] n: i64) {
    assert!(flies, "{code} {n}");
}

#[aiodal::test(timeout = "100ms")]
async fn takes_long(
    #[values(
        /// half a minute
        30,
        -0.0
    )]
    seconds: impl Into<f64>,
    tx: &Transaction,
) -> aiodal::Result<()> {
    tx.execute("select pg_sleep($1)", &[&seconds.into()])
        .await?;
    Ok(())
}

#[aiodal::test]
#[should_panic(expected = "it does not")]
#[case(1)]
async fn should_panic(#[case] n: i32, tx: &Transaction) -> aiodal::Result<()> {
    tx.execute("select $1::int", &[&n]).await?;
    Ok(())
}

#[aiodal::test(fixtures("people", "broken"))]
async fn syntax(_tx: &Transaction) {
    panic!("the body must not run");
}

#[aiodal::test(fixtures("people", "violation"))]
#[should_panic(expected = "the body must not run")]
async fn violation(_tx: &Transaction) {
    panic!("the body must not run");
}

#[aiodal::test(fixtures("people", "commits"))]
async fn commits(_tx: &Transaction) {}

#[aiodal::test(fixtures("row"))]
async fn bad_row(_tx: &Transaction) {
    panic!("the body must not run");
}

#[aiodal::test(fixtures("people", "missing_table"))]
async fn missing_table(_tx: &Transaction) {
    panic!("the body must not run");
}

#[aiodal::test(fixtures("people", "psql"))]
async fn for_psql(_tx: &Transaction) {
    panic!("the body must not run");
}

/// Fails if the connection of one of those above was handed on in a bad state.
#[aiodal::test(fixtures("people"))]
async fn good(tx: &Transaction) -> aiodal::Result<()> {
    tx.batch_execute("insert into people values ('Grace')")
        .await
}

/// Asks for something, though not for a database.
#[aiodal::test(fixtures("people"))]
async fn nobody_sees(_config: &Config) {
    panic!("the body must not run");
}
