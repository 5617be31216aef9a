//! What to change, where there is something to gain.

use std::path::Path;

use super::facts::Facts;
use super::measure::Speed;

/// What advice depends on.
pub(super) struct Patient<'a> {
    pub(super) facts: &'a Facts,
    pub(super) speed: &'a Speed,
    /// The directory of a server of our own.
    pub(super) own: Option<&'a Path>,
    /// Whether one connects with a password.
    pub(super) password: bool,
    /// Whether the project optimises what a password costs.
    pub(super) optimised: bool,
}

/// More than this per connection is felt in every test process.
const SLOW_CONNECT: f64 = 20.0;

/// More than this is felt in every test that has a database of its own.
const SLOW_CREATE: f64 = 100.0;

/// Lists what to change, the most useful first.
pub(super) fn advice(patient: &Patient<'_>) -> Vec<String> {
    let Patient {
        facts,
        speed,
        own,
        password,
        optimised,
    } = patient;
    let mut advice = Vec::new();
    if own.is_none() && facts.setting("fsync") == "on" {
        advice.push(
            "the server makes everything durable: for one that only tests use, set fsync, synchronous_commit and \
             full_page_writes to off, which makes COMMIT, DDL and clones several times faster; or leave the URL out \
             for a server of our own, which does that"
                .to_owned(),
        );
    }
    if *password && !optimised {
        advice.push(
            "connecting with a password takes tens of milliseconds in an unoptimised build; add to Cargo.toml of the \
             workspace:\n[profile.dev.package]\nsha2.opt-level = 3\nhmac.opt-level = 3\ndigest.opt-level = 3\n\
             postgres-protocol.opt-level = 3"
                .to_owned(),
        );
    } else if speed.connect > SLOW_CONNECT {
        advice.push(format!(
            "connecting takes {} ms: a server nearer to the tests, or on a Unix socket, takes about 2",
            speed.connect
        ));
    }
    if own.is_none() && !facts.can_create_databases {
        advice.push(format!(
            "migrations, seeds and `isolation = \"database\"` need a role that may create databases: \
             alter role {} createdb",
            facts.user
        ));
    }
    if cfg!(target_os = "linux") && own.is_some_and(|own| !own.starts_with("/dev/shm")) {
        advice.push(
            "the server's data is on disk, because /dev/shm has less than 512 MB free; with more, DDL and clones are \
             several times faster (docker run --shm-size=1g)"
                .to_owned(),
        );
    }
    if let Some(create) = speed.create_database.filter(|create| *create > SLOW_CREATE) {
        advice.push(format!(
            "a database of its own costs a test {create} ms here: keep to rollback where that will do"
        ));
    }
    if let Some(left) = left(facts) {
        advice.push(format!(
            "only {left} connections are left of max_connections = {}: raise it, or end what holds them",
            facts.setting("max_connections")
        ));
    }
    advice
}

/// How many connections are left, if they are too few for the tests that run at a time here.
fn left(facts: &Facts) -> Option<u32> {
    let most: u32 = facts.setting("max_connections").parse().ok()?;
    let left = most.saturating_sub(facts.sessions);
    let wanted = std::thread::available_parallelism()
        .map_or(4, |cores| u32::try_from(cores.get()).unwrap_or(4));
    (left < wanted * 2).then_some(left)
}

/// Says whether the workspace's Cargo.toml optimises the handshake: the text will do.
pub(super) fn is_scram_optimised(root: &Path) -> bool {
    let text = std::fs::read_to_string(root.join("Cargo.toml")).unwrap_or_default();
    let (mut in_profile, mut optimised) = (false, false);
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            in_profile = line.starts_with("[profile.") && line.contains("package");
        } else if in_profile && line.contains("opt-level") {
            optimised = true;
        }
    }
    optimised
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn facts(settings: &[(&str, &str)]) -> Facts {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Facts {
            settings: settings.iter().map(owned).collect::<BTreeMap<_, _>>(),
            user: "me".to_owned(),
            can_create_databases: true,
            sessions: 1,
        }
    }

    fn speed(connect: f64) -> Speed {
        Speed {
            first_start: None,
            start: None,
            attach: None,
            connect,
            statement: 0.05,
            transaction: 0.1,
            create_database: None,
            drop_database: None,
        }
    }

    fn given(facts: &Facts, connect: f64, password: bool, optimised: bool) -> Vec<String> {
        advice(&Patient {
            facts,
            speed: &speed(connect),
            own: None,
            password,
            optimised,
        })
    }

    #[test]
    fn fast_server_gets_no_advice() {
        let facts = facts(&[("fsync", "off"), ("max_connections", "1000")]);
        assert_eq!(given(&facts, 2.0, true, true), Vec::<String>::new());
    }

    #[test]
    fn each_thing_to_gain_is_named_with_what_to_do() {
        let mut slow = facts(&[("fsync", "on"), ("max_connections", "2")]);
        slow.can_create_databases = false;
        let said = given(&slow, 65.0, true, false).join("\n");
        for part in [
            "set fsync, synchronous_commit and full_page_writes to off",
            "postgres-protocol.opt-level = 3",
            "alter role me createdb",
            "max_connections = 2",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        let said = given(&slow, 65.0, false, false).join("\n");
        assert!(said.contains("connecting takes 65 ms"), "{said}");
    }
}
