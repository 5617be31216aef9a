//! What the converters make of text, against what the server's own COPY of the same text makes of it.
//!
//! `CONVERT_SEED` tries the values of that seed again; `CONVERT_ROUNDS` says how many rounds there are; `CONVERT_MINUTES`
//! goes on for so long.

mod compare;
mod encodings;
mod mutate;
mod plausible;
mod table;
mod types;
mod values;

#[path = "../dal/property/random.rs"]
mod random;

/// The converters are no part of the public interface: they are included.
#[path = "../../aiodal-core/src/bulk"]
mod bulk {
    pub(super) mod convert;
}

use std::time::{Duration, Instant};

use aiodal::Transaction;

use self::compare::Comparison;
use self::mutate::mutations;
use self::random::Random;
use self::types::{SETTINGS, TYPES};
use self::values::{Family, values};

const ROUNDS: u64 = 25;
/// How many values of a type a round tries. It tries a third of the types.
const VALUES: usize = 100;

#[aiodal::test]
async fn odd_values_are_read_as_the_server_reads_them(tx: &mut Transaction) -> aiodal::Result<()> {
    let mut comparison = Comparison::new(tx).await?;
    for (number, settings) in SETTINGS.iter().enumerate() {
        comparison.set(settings).await?;
        let all = number == 0;
        for of in TYPES.iter().filter(|of| all || of.family.has_settings()) {
            comparison.check(of, values(of.family)).await?;
        }
    }
    comparison.pass("the table of odd values");
    Ok(())
}

#[aiodal::test]
async fn random_values_are_read_as_the_server_reads_them(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    let mut comparison = Comparison::new(tx).await?;
    let again = read("CONVERT_SEED");
    let rounds = read("CONVERT_ROUNDS").unwrap_or(ROUNDS);
    let minutes = read("CONVERT_MINUTES").map(|minutes| Duration::from_secs(60 * minutes));
    let started = Instant::now();
    let first = again.unwrap_or(chance());
    let mut round = 0;
    loop {
        let seed = first.wrapping_add(round);
        let mut random = Random::new(seed);
        comparison.set(random.pick::<&str>(SETTINGS)).await?;
        for of in TYPES {
            if random.chance(2, 3) {
                continue;
            }
            // Most of what is no JSON, the server has to refuse one by one.
            let number = match of.family {
                Family::Json | Family::Enum => VALUES / 4,
                Family::Array(Family::Json | Family::Enum) => VALUES / 2,
                _ => VALUES,
            };
            let values = mutations(of.family, number, &mut random);
            comparison.check(of, values).await?;
        }
        comparison.pass(&format!("CONVERT_SEED={seed}"));
        round += 1;
        let over = match minutes {
            Some(minutes) => started.elapsed() >= minutes,
            None => round >= rounds || again.is_some(),
        };
        if over {
            break;
        }
    }
    println!("{round} rounds: {comparison}");
    Ok(())
}

#[aiodal::test]
async fn what_the_server_writes_is_taken(tx: &mut Transaction) -> aiodal::Result<()> {
    let mut comparison = Comparison::new(tx).await?;
    for of in TYPES {
        let deferred = comparison.deferred(of).await?;
        assert!(deferred.is_empty(), "{}: {deferred:?}", of.name);
    }
    Ok(())
}

fn read(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("{variable} is a number, not {text:?}")))
}

fn chance() -> u64 {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed();
    let nanoseconds = since.expect("it is later than 1970").as_nanos();
    u64::try_from(nanoseconds % 1_000_000_000).expect("less than a second")
}
