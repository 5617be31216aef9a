//! The dispatchers' desk, which begins and commits on its own: the same code as in production, on its own connections. What
//! it commits is there for all who connect in the test, and gone with the test.

use aiodal::{DataAccessLayer, Pool, Sandbox, Transaction};
use flights::dispatch::{Dispatch, Refused, desk};
use flights::{FlightKey, NewFlight, Status, schedule};
use jiff::civil::date;

use crate::common::{count, new_flight, recorded, the_flight};

/// Nobody is given anything: `desk` is a static of the application, and finds the test that it is called in.
#[aiodal::test(ambient)]
async fn what_the_desk_announces_is_there(tx: &Transaction) -> Result<(), Refused> {
    let announced = desk()
        .await?
        .announce(&[new_flight(701), new_flight(702)])
        .await?;
    assert_eq!(announced.added, 2);
    assert_eq!(
        the_flight(tx, &new_flight(702).key).await?.status,
        Status::Scheduled
    );
    Ok(())
}

/// Both commit the same flight. Had one of the commits lasted, the other test would find it known.
#[aiodal::test(ambient)]
async fn what_the_desk_commits_is_gone_with_the_test(
    #[values("one", "another")] _test: &str,
) -> Result<(), Refused> {
    let announced = desk().await?.announce(&[new_flight(703)]).await?;
    assert_eq!((announced.added, announced.known), (1, 0));
    let again = desk().await?.announce(&[new_flight(703)]).await?;
    assert_eq!((again.added, again.known), (0, 1));
    Ok(())
}

/// The week's flights have all left: two more, on a day of their own, with a plane each.
async fn two_flights(tx: &Transaction, number: i32) -> aiodal::Result<[FlightKey; 2]> {
    let one = recorded(tx, number).await?;
    let other = NewFlight {
        tailnum: Some("N24211".to_owned()),
        ..new_flight(number + 1)
    };
    schedule::record(tx, &other).await?;
    Ok([one, other.key])
}

async fn planes(tx: &Transaction, [one, other]: &[FlightKey; 2]) -> aiodal::Result<[String; 2]> {
    let plane = async |key| Ok::<_, aiodal::Error>(the_flight(tx, key).await?.tailnum);
    Ok([plane(one).await?, plane(other).await?].map(Option::unwrap_or_default))
}

/// A desk of its own, on a pool of the test's.
#[aiodal::test]
async fn planes_are_swapped(tx: &Transaction, pool: Pool) -> Result<(), Refused> {
    let flights = two_flights(tx, 711).await?;
    let desk = Dispatch::new(DataAccessLayer::from_pool(pool));
    desk.swap_planes(&flights[0], &flights[1]).await?;
    assert_eq!(planes(tx, &flights).await?, ["N24211", "N14228"]);
    Ok(())
}

/// Code that wants a URL is given one. Any driver can use it.
#[aiodal::test]
async fn planes_are_swapped_by_a_desk_that_connects_by_itself(
    tx: &Transaction,
    sandbox: Sandbox,
) -> Result<(), aiodal::BoxError> {
    let flights = two_flights(tx, 713).await?;
    let desk = Dispatch::new(DataAccessLayer::connect(&sandbox.url().await?).await?);
    desk.swap_planes(&flights[0], &flights[1]).await?;
    assert_eq!(planes(tx, &flights).await?, ["N24211", "N14228"]);
    Ok(())
}

/// In a transaction there are no others to collide with. In a database of the test's own there are.
#[aiodal::test(ambient, isolation = "database")]
async fn dispatchers_who_collide_try_again(tx: Transaction) -> Result<(), aiodal::BoxError> {
    let flights = two_flights(&tx, 715).await?;
    tx.commit().await?;
    let swap = |[one, other]: [FlightKey; 2]| {
        tokio::spawn(async move { desk().await?.swap_planes(&one, &other).await })
    };
    let swaps: Vec<_> = (0..3).map(|_| swap(flights.clone())).collect();
    for swap in swaps {
        swap.await??;
    }
    let tx = DataAccessLayer::connect("").await?.transaction().await?;
    assert_eq!(planes(&tx, &flights).await?, ["N24211", "N14228"]);
    Ok(())
}

#[aiodal::test(ambient)]
async fn flights_are_released_together_or_not_at_all(tx: &Transaction) -> Result<(), Refused> {
    let one = recorded(tx, 717).await?;
    let gone = FlightKey::new(date(2013, 1, 1), "UA", 1545, "EWR");
    let released = desk()
        .await?
        .release(&[(one.clone(), 5), (gone.clone(), 0)])
        .await;
    assert!(
        matches!(&released, Err(Refused::NotScheduled(key)) if *key == gone),
        "{released:?}"
    );
    assert_eq!(the_flight(tx, &one).await?.status, Status::Scheduled);
    Ok(())
}

/// Its tasks have transactions of their own, and are in the test as well.
#[aiodal::test(ambient, flavor = "multi_thread", worker_threads = 2)]
async fn a_day_is_closed_by_tasks(tx: &Transaction) -> Result<(), Refused> {
    for number in 721..=728 {
        recorded(tx, number).await?;
    }
    let left = new_flight(721).key;
    schedule::depart(tx, &left, 3).await?;
    assert_eq!(desk().await?.close(left.day).await?, 7);
    let sql = "select count(*) from flights where day = '2013-01-08' and status = 'cancelled'";
    assert_eq!(count(tx, sql).await?, 7);
    Ok(())
}
