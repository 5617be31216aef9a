//! What a test has to itself.

use aiodal::Transaction;
use flights::{FlightKey, schedule, traffic};
use jiff::civil::date;

use crate::common::{count, new_flight, recorded};

async fn flight_8000_is_new(tx: &Transaction) -> aiodal::Result<()> {
    assert_eq!(schedule::find(tx, &new_flight(8000).key).await?, None);
    recorded(tx, 8000).await?;
    assert!(schedule::find(tx, &new_flight(8000).key).await?.is_some());
    Ok(())
}

/// The next test records this flight too. If they meet, the later insert waits for the earlier's
/// rollback.
#[aiodal::test]
async fn one_test_records_a_flight(tx: &Transaction) -> aiodal::Result<()> {
    flight_8000_is_new(tx).await
}

#[aiodal::test]
async fn another_test_records_the_same_flight(tx: &Transaction) -> aiodal::Result<()> {
    flight_8000_is_new(tx).await
}

#[aiodal::test]
async fn a_savepoint_takes_back_what_happened_behind_it(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    let attempt = tx.savepoint().await?;
    assert_eq!(
        attempt
            .execute("delete from flights where day = '2013-01-07'", &[])
            .await?,
        933
    );
    attempt.rollback().await?;
    assert_eq!(count(tx, "select count(*) from flights").await?, 6099);
    Ok(())
}

/// A statement that fails would spoil the transaction; behind a savepoint it does not.
#[aiodal::test]
async fn a_savepoint_survives_an_error(tx: &mut Transaction) -> aiodal::Result<()> {
    recorded(tx, 501).await?;
    let attempt = tx.savepoint().await?;
    let taken = "update planes set tailnum = 'N804JB' where tailnum = 'N668DN'";
    assert!(
        attempt
            .execute(taken, &[])
            .await
            .unwrap_err()
            .is_unique_violation()
    );
    attempt.rollback().await?;
    assert_eq!(count(tx, "select count(*) from flights").await?, 6100);
    Ok(())
}

#[aiodal::test]
async fn a_test_does_not_commit(tx: Transaction) -> aiodal::Result<()> {
    recorded(&tx, 502).await?;
    let error = tx.commit().await.unwrap_err();
    assert!(
        error.to_string().starts_with("refused to commit"),
        "{error}"
    );
    Ok(())
}

/// A transaction is owned, so it can go where a borrow can't.
#[aiodal::test(flavor = "multi_thread")]
async fn a_transaction_goes_to_a_task_of_its_own(tx: Transaction) {
    let task = tokio::spawn(async move { traffic::busiest_routes(&tx, 1).await });
    let routes = task.await.unwrap().unwrap();
    assert_eq!(routes[0].flights, 219);
}

#[aiodal::test]
async fn a_test_needs_no_database() {
    let key = FlightKey::new(date(2013, 1, 1), "UA", 1545, "EWR");
    assert_eq!(key.to_string(), "UA 1545 from EWR on 2013-01-01");
}
