//! The comparison itself: of two databases that are alike it finds no difference, and of two that aren't it finds it.

use std::time::Duration;

use aiodal::DatabaseUrl;

use crate::compare::Pair;
use crate::endpoint::Endpoint;
use crate::generate;
use crate::message::Message;
use crate::minimise::minimised;
use crate::script::Script;
use crate::search::{read, search, try_seeds};

/// Two schemas of one database.
fn endpoints(url: &DatabaseUrl) -> [Endpoint; 2] {
    [url, url].map(|url| Endpoint::database(url.config()))
}

#[aiodal::test(isolation = "database")]
async fn two_databases_answer_alike(url: &DatabaseUrl) -> aiodal::Result<()> {
    let mut pair = Pair::new(endpoints(url)).await;
    try_seeds(&mut pair, 0..20).await;
    Ok(())
}

#[aiodal::test(isolation = "database", timeout = "100h")]
#[ignore = "it goes on for SANDBOX_SECONDS"]
async fn two_databases_answer_alike_for_long(url: &DatabaseUrl) -> aiodal::Result<()> {
    let time = Duration::from_secs(read("SANDBOX_SECONDS").unwrap_or(60));
    search(&mut Pair::new(endpoints(url)).await, time).await;
    Ok(())
}

#[aiodal::test(isolation = "database")]
async fn setting_of_one_is_found_and_the_least_script_shows_it(
    url: &DatabaseUrl,
) -> aiodal::Result<()> {
    let [one, other] = endpoints(url);
    // Clients aren't told of it: it shows only where a number is.
    let other = other.parameter("extra_float_digits", "-3");
    let mut pair = Pair::new([one, other]).await;
    for seed in 0..1000 {
        let script = generate::script(seed);
        if pair.try_out(&script).await.is_none() {
            continue;
        }
        let least = minimised(&mut pair, &script).await;
        let shows = least.0.iter().any(|(_, message)| shows_a_number(message));
        assert!(shows && least.0.len() <= 4, "SANDBOX_SEED={seed}\n{least}");
        return Ok(());
    }
    panic!("1000 scripts don't find it");
}

fn shows_a_number(message: &Message) -> bool {
    match message {
        Message::Query(sql) | Message::Parse { sql, .. } => sql.contains("float"),
        _ => false,
    }
}

#[test]
fn script_is_read_as_it_is_written() {
    for seed in 1..200 {
        let script = generate::script(seed);
        assert_eq!(Script::read(&script.to_string()), script, "seed {seed}");
    }
}
