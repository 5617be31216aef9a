//! The search for a script that two endpoints answer differently.

use std::time::{Duration, Instant};

use crate::compare::Pair;
use crate::generate;
use crate::minimise::minimised;
use crate::run::run;
use crate::script::Script;

/// Tries one seed after another for so long; or the seed of `SANDBOX_SEED`, or the script in the file `SANDBOX_SCRIPT`, whose
/// answers it shows.
pub(crate) async fn search(pair: &mut Pair, time: Duration) {
    if let Some(path) = std::env::var_os("SANDBOX_SCRIPT") {
        let text = std::fs::read_to_string(&path).expect("SANDBOX_SCRIPT is a file");
        return show(pair, "SANDBOX_SCRIPT", &Script::read(&text)).await;
    }
    if let Some(seed) = read("SANDBOX_SEED") {
        let script = generate::script(seed);
        eprintln!("{script}");
        return show(pair, &of_seed(seed), &script).await;
    }
    let started = Instant::now();
    let first = chance();
    let mut scripts = 0;
    while started.elapsed() < time {
        let seed = first + scripts;
        check(pair, &of_seed(seed), &generate::script(seed)).await;
        scripts += 1;
    }
    eprintln!(
        "{scripts} scripts, {} answers, {} of them with a difference that is meant",
        pair.answers, pair.explained
    );
}

/// Tries these seeds, the same each time.
pub(crate) async fn try_seeds(pair: &mut Pair, seeds: std::ops::Range<u64>) {
    for seed in seeds {
        check(pair, &of_seed(seed), &generate::script(seed)).await;
    }
}

/// Fails with the least script that makes a difference.
pub(crate) async fn check(pair: &mut Pair, what: &str, script: &Script) {
    let Some(found) = pair.try_out(script).await else {
        return;
    };
    let least = minimised(pair, script).await;
    match pair.try_out(&least).await {
        Some(difference) => panic!("{what}: the two differ over\n\n{least}\n{difference}"),
        None => panic!("{what}: the two differ over this, if not always\n\n{script}\n{found}"),
    }
}

async fn show(pair: &mut Pair, what: &str, script: &Script) {
    for (endpoint, ground) in pair.endpoints.iter().zip(&mut pair.grounds) {
        ground.renew().await;
        for answer in run(script, endpoint).await {
            eprint!("{answer}");
        }
        eprintln!();
    }
    check(pair, what, script).await;
}

fn of_seed(seed: u64) -> String {
    format!("SANDBOX_SEED={seed}")
}

pub(crate) fn read(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("{variable} is a number, not {text:?}")))
}

pub(crate) fn chance() -> u64 {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed();
    let nanoseconds = since.expect("it is later than 1970").as_nanos();
    u64::try_from(nanoseconds % 1_000_000_000).expect("less than a second")
}
