//! The week after the seeded one: rows that a few tests need, written once for them.

use aiodal::Transaction;
use flights::{fleet, schedule};
use jiff::civil::date;

use crate::common::{THE_DAY_AFTER, count};

/// Schedules every flight of the seeded week again, seven days later.
///
/// It writes for the whole session, so its rows are a layer on the template: for the tests that ask for it, and no others.
#[aiodal::fixture(scope = "session", named)]
async fn next_week(tx: &Transaction) -> aiodal::Result<()> {
    let sql = "
        insert into flights (day, departs, arrives, carrier, number, tailnum, origin, dest, distance_miles)
        select day + 7, departs, arrives, carrier, number, tailnum, origin, dest, distance_miles
        from flights";
    tx.batch_execute(sql).await
}

#[aiodal::test]
async fn its_first_day_is_as_busy_as_new_years_day(
    #[from(next_week)] _scheduled: &(),
    tx: &Transaction,
) -> aiodal::Result<()> {
    assert_eq!(schedule::on_day(tx, THE_DAY_AFTER).await?.len(), 842);
    Ok(())
}

/// Two statements, however many flights there are.
#[aiodal::test(max_queries = 2)]
async fn a_retired_plane_leaves_its_flights_from_that_day_on(
    #[from(next_week)] _scheduled: &(),
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    let retired = fleet::retire(tx, "N730MQ", date(2013, 1, 10));
    assert_eq!(retired.await?, 10);
    Ok(())
}

#[aiodal::test]
async fn a_retired_plane_keeps_its_flights_until_that_day(
    #[from(next_week)] _scheduled: &(),
    tx: &Transaction,
) -> aiodal::Result<()> {
    fleet::retire(tx, "N730MQ", date(2013, 1, 10)).await?;
    let sql = "select count(*) from flights where tailnum = 'N730MQ'";
    // 17 in each week, of which 10 are on its third day or later.
    assert_eq!(count(tx, sql).await?, 17 + 17 - 10);
    Ok(())
}
