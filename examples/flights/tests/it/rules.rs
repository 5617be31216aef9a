//! What the schema refuses, and how an application learns which rule it was.

use aiodal::Transaction;
use flights::schedule;

use crate::common::{new_flight, recorded};

#[aiodal::test]
async fn a_flight_is_recorded_once(tx: &Transaction) -> aiodal::Result<()> {
    recorded(tx, 101).await?;
    let error = recorded(tx, 101).await.unwrap_err();
    assert!(error.is_unique_violation(), "{error:?}");
    assert_eq!(error.constraint(), Some("flights_pkey"));
    assert_eq!(error.table(), Some("flights"));
    Ok(())
}

#[aiodal::test]
async fn a_number_may_leave_from_two_airports_on_one_day(tx: &Transaction) -> aiodal::Result<()> {
    let mut flight = new_flight(102);
    schedule::record(tx, &flight).await?;
    flight.key.origin = "LGA".to_owned();
    schedule::record(tx, &flight).await
}

#[aiodal::test]
#[case::to_an_airport_that_does_not_exist(103, "EWR", "XXX", "flights_dest_fkey")]
#[case::to_where_it_began(104, "EWR", "EWR", "flights_go_somewhere")]
#[case::from_elsewhere(105, "ALB", "IAH", "flights_leave_new_york")]
async fn a_flight_is_refused(
    #[case] number: i32,
    #[case] origin: &str,
    #[case] dest: &str,
    #[case] constraint: &str,
    tx: &Transaction,
) {
    let mut flight = new_flight(number);
    flight.key.origin = origin.to_owned();
    flight.dest = dest.to_owned();
    let error = schedule::record(tx, &flight).await.unwrap_err();
    assert_eq!(error.constraint(), Some(constraint), "{error:?}");
}

/// The rule is the domain's, not the table's.
#[aiodal::test]
async fn an_airport_code_has_three_characters(tx: &Transaction) {
    let mut flight = new_flight(106);
    flight.dest = "Houston".to_owned();
    let error = schedule::record(tx, &flight).await.unwrap_err();
    assert!(error.is_check_violation(), "{error:?}");
    assert_eq!(error.constraint(), Some("airport_code_form"));
    assert_eq!(error.table(), None);
}

#[aiodal::test]
async fn a_status_is_one_of_the_enum(tx: &Transaction) {
    let error = tx
        .execute("update flights set status = 'lost'", &[])
        .await
        .unwrap_err();
    assert_eq!(
        error.code().map(aiodal::SqlState::code),
        Some("22P02"),
        "{error:?}"
    );
}

#[aiodal::test]
async fn a_flight_without_a_plane_does_not_depart(tx: &Transaction) -> aiodal::Result<()> {
    let mut flight = new_flight(107);
    flight.tailnum = None;
    schedule::record(tx, &flight).await?;
    let error = schedule::depart(tx, &flight.key, 0).await.unwrap_err();
    assert_eq!(error.constraint(), Some("flights_departed_with_a_plane"));
    Ok(())
}

#[aiodal::test]
async fn a_plane_is_described_wholly_or_not_at_all(tx: &Transaction) {
    let sql = "insert into planes (tailnum, seats) values ('N100XX', 149)";
    let error = tx.execute(sql, &[]).await.unwrap_err();
    assert_eq!(
        error.constraint(),
        Some("planes_described_wholly_or_not_at_all")
    );
}

#[aiodal::test]
async fn an_airline_has_a_name(tx: &Transaction) {
    let error = tx
        .execute("insert into airlines (carrier) values ('ZZ')", &[])
        .await
        .unwrap_err();
    assert!(error.is_not_null_violation(), "{error:?}");
    assert_eq!(error.column(), Some("name"));
}
