//! A schedule in which some flights are refused: each is an attempt behind a savepoint of its own.

use aiodal::Transaction;
use flights::announce::{Announced, Refusal, announce};
use flights::{NewFlight, schedule};

use crate::common::{THE_DAY_AFTER, count, new_flight, recorded, the_flight};

/// A flight to an airport that does not exist, with a plane not heard of before.
fn flight_to_nowhere(number: i32, tailnum: &str) -> NewFlight {
    NewFlight {
        dest: "XXX".to_owned(),
        tailnum: Some(tailnum.to_owned()),
        ..new_flight(number)
    }
}

#[aiodal::test]
async fn a_schedule_outlives_its_refused_flights(tx: &mut Transaction) -> aiodal::Result<()> {
    recorded(tx, 301).await?;
    let schedule = [
        new_flight(301),
        new_flight(302),
        flight_to_nowhere(303, "N303XX"),
        NewFlight {
            distance_miles: -1,
            ..new_flight(304)
        },
        new_flight(305),
    ];
    let announced = announce(tx, &schedule).await?;

    let refusal = |number, constraint: &str| Refusal {
        flight: new_flight(number).key,
        constraint: constraint.to_owned(),
    };
    let refused = vec![
        refusal(303, "flights_dest_fkey"),
        refusal(304, "flights_distance_positive"),
    ];
    assert_eq!(
        announced,
        Announced {
            added: 2,
            known: 1,
            refused
        }
    );

    let recorded = schedule::on_day(tx, THE_DAY_AFTER).await?;
    let recorded: Vec<_> = recorded.iter().map(|flight| flight.key.number).collect();
    assert_eq!(recorded, [301, 302, 305]);
    Ok(())
}

#[aiodal::test]
async fn a_new_plane_comes_with_its_flight(tx: &mut Transaction) -> aiodal::Result<()> {
    let flight = NewFlight {
        dest: "SJU".to_owned(),
        ..flight_to_nowhere(306, "N306XX")
    };
    announce(tx, &[flight]).await?;
    assert_eq!(
        count(tx, "select count(*) from planes where tailnum = 'N306XX'").await?,
        1
    );
    Ok(())
}

#[aiodal::test]
async fn a_refused_flight_leaves_no_plane_behind(tx: &mut Transaction) -> aiodal::Result<()> {
    announce(tx, &[flight_to_nowhere(307, "N307XX")]).await?;
    assert_eq!(
        count(tx, "select count(*) from planes where tailnum = 'N307XX'").await?,
        0
    );
    Ok(())
}

#[aiodal::test]
async fn a_known_flight_stays_as_it_is(tx: &mut Transaction) -> aiodal::Result<()> {
    let key = recorded(tx, 308).await?;
    schedule::cancel(tx, &key).await?;
    let before = the_flight(tx, &key).await?;

    let again = NewFlight {
        dest: "SJU".to_owned(),
        ..new_flight(308)
    };
    announce(tx, &[again]).await?;
    assert_eq!(the_flight(tx, &key).await?, before);
    Ok(())
}
