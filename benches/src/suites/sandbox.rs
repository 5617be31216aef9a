//! What a sandbox adds to a statement and to a test: the same work by the same driver, with and without it.

use std::collections::BTreeMap;
use std::process::Command;

use crate::one_core::OneCore;
use crate::postgres::Postgres;
use crate::process::{Peers, contestant, tests};
use crate::report::Report;
use crate::server::Server;
use crate::stats::Samples;
use crate::{Result, interrupt};

const PEER: &str = "peer-sandbox";

/// The parts of the peer: which of them has which contestants.
const PARTS: [&str; 2] = ["in_process", "by_socket"];

const SCHEMA: &str = include_str!("../../peers/sandbox/migrations/1_item.sql");

/// Of the loop: nobody commits anything there.
const LOOP_SCHEMA: &str = include_str!("../../peers/cases/migrations/1_item.sql");

const WORKS: [&str; 8] = [
    "select", "simple", "insert", "twenty", "empty", "connect", "copy-in", "copy-out",
];

const CONTESTANTS: [&str; 5] = ["bare", "client", "pool", "thread", "url"];

/// Whole tests: the contestant, its peer, the variable that it reads the database's URL from, the database, how many tests
/// libtest has to run.
const TESTS: [(&str, &str, &str, &str, usize); 4] = [
    ("loop", "peer-floor", "BENCH_URL", "loop", 1),
    (
        "transaction",
        "peer-aiodal",
        "AIODAL_DATABASE_URL",
        "postgres",
        300,
    ),
    (
        "sandbox",
        "peer-sandbox-tests",
        "AIODAL_DATABASE_URL",
        "postgres",
        300,
    ),
    ("empty", "peer-empty", "BENCH_URL", "loop", 300),
];

const ABOUT: &str = "
Statements, each by tokio-postgres on the current-thread runtime of one test:
  bare    a connection of its own to the server, driven by the same runtime
  thread  the same, driven by a runtime of another thread
  client  Sandbox::client()
  pool    Sandbox::pool() of one connection, taken and given back for each statement or transaction
  url     Sandbox::url(): by a Unix socket, the sandbox then on a thread of its own
Work: `select` of one row and `insert` of one, prepared; `simple`: `select 1` as a query; `twenty`: BEGIN, twenty inserts, COMMIT;
`empty`: BEGIN, COMMIT; `connect`: until the client is there; `copy-in` and `copy-out`: COPY of 100000 rows, rolled back.
What `bare` and `thread` insert is committed. All take turns within a process, for a few hundredths of a second each; that
process and its server are on one core, so that whether their turns cross cores is not what is measured.
Tests, 300 of them as a process, one at a time, each inserting a row and counting the rows in a transaction:
  loop         one connection, 300 times BEGIN, insert, count, ROLLBACK, the statements prepared once
  transaction  #[aiodal::test] with a Transaction
  sandbox      #[aiodal::test] with a Sandbox: client(), BEGIN, both statements unprepared, COMMIT
  empty        #[tokio::test] that does nothing
Net is the wall time less the same binary's with a filter that matches no test, over 300; `less empty` is without what libtest,
a thread and a runtime per test cost everybody but the loop. These are on all cores, with a server of their own.
Servers: unix socket, trust, fsync off.";

/// Runs the suite.
///
/// # Errors
///
/// A peer does not build, or a test of one fails.
pub(crate) fn run(quick: bool) -> Result<Report> {
    let (turns, rounds) = if quick { (2, 20) } else { (6, 40) };
    let mut packages: Vec<_> = TESTS.iter().map(|(_, peer, ..)| *peer).collect();
    packages.push(PEER);
    let peers = Peers::build(&packages)?;
    let postgres = Postgres::find()?;
    let beside = {
        let _core = OneCore::take()?;
        Server::start(&postgres)?
    };
    beside.create_database("bench", SCHEMA)?;
    let server = Server::start(&postgres)?;
    server.create_database("loop", LOOP_SCHEMA)?;
    for server in [&beside, &server] {
        server.vacuum()?;
    }

    let mut statements = BTreeMap::new();
    let mut nets = TESTS.map(|_| Samples::default());
    for turn in 0..=turns {
        interrupt::check()?;
        eprintln!("turn {turn} of {turns}");
        for part in PARTS {
            // The first makes the template and fills caches.
            let rounds = if turn == 0 { 2 } else { rounds };
            let _core = OneCore::take()?;
            let run = statements_of(&peers, &beside, part, rounds)?;
            if turn > 0 {
                gather(&run, &mut statements)?;
            }
        }
        for _ in 0..3 {
            for (test, net) in TESTS.iter().zip(&mut nets) {
                let sample = net_of(&peers, &server, test)?;
                if turn > 0 {
                    net.push(sample);
                }
            }
        }
    }
    Ok(report(&postgres, &mut statements, &nets))
}

type Statements = BTreeMap<(String, String), Samples>;

/// Runs a part of the peer; returns what it prints.
fn statements_of(peers: &Peers, server: &Server, part: &str, rounds: u32) -> Result<String> {
    let mut command = contestant(peers.binary(PEER));
    command
        .args(["--ignored", "--exact", part, "--nocapture"])
        .env("BENCH_URL", server.url("bench"))
        .env("BENCH_ROUNDS", rounds.to_string())
        .env("AIODAL_DATABASE_URL", server.url("postgres"))
        .env("AIODAL_PG_LINGER", "1h");
    Ok(tests(&mut command, 1)?.stdout)
}

/// Collects lines like `sample select bare 23.5`.
fn gather(stdout: &str, statements: &mut Statements) -> Result<()> {
    for line in stdout.lines() {
        let Some(sample) = line.strip_prefix("sample ") else {
            continue;
        };
        let mut words = sample.split(' ');
        let (Some(work), Some(contestant), Some(micros)) =
            (words.next(), words.next(), words.next())
        else {
            return Err(format!("{PEER} has said `{line}`").into());
        };
        let key = (work.to_owned(), contestant.to_owned());
        statements.entry(key).or_default().push(micros.parse()?);
    }
    Ok(())
}

/// Microseconds per test.
fn net_of(
    peers: &Peers,
    server: &Server,
    (_, peer, variable, database, number): &(&str, &str, &str, &str, usize),
) -> Result<f64> {
    // What the test before rolled back is still in the table, and would be counted through.
    server.vacuum()?;
    let command = |filter: Option<&str>| {
        let mut command: Command = contestant(peers.binary(peer));
        command
            .arg("--test-threads=1")
            .args(filter)
            .env(variable, server.url(database))
            .env("AIODAL_PG_LINGER", "1h");
        command
    };
    let none = tests(&mut command(Some("no_such_test")), 0)?.wall;
    let full = tests(&mut command(None), *number)?.wall;
    Ok((full.as_secs_f64() - none.as_secs_f64()) * 1e6 / 300.0)
}

fn report(postgres: &Postgres, statements: &mut Statements, nets: &[Samples; 4]) -> Report {
    let about = vec![ABOUT.to_owned(), postgres.version.clone()];
    let mut report = Report::new("sandbox", about);
    for work in WORKS {
        for contestant in CONTESTANTS {
            let key = (work.to_owned(), contestant.to_owned());
            if let Some(samples) = statements.remove(&key) {
                report.figure(format!("{work}, {contestant}"), "us", samples);
            }
        }
    }
    let [_, transaction, sandbox, empty] = nets;
    let less = [("transaction", transaction), ("sandbox", sandbox)]
        .map(|(name, net)| (name, net.less(empty)));
    for ((name, ..), net) in TESTS.iter().zip(nets) {
        report.figure(format!("test, {name}, net"), "us", net.clone());
    }
    for (name, less) in less {
        report.figure(format!("test, {name} less empty"), "us", less);
    }
    for work in WORKS {
        let ratio = |report: &mut Report, above: &str, below: &str, aim| {
            report.ratio(
                &format!("{work}, {above}"),
                &format!("{work}, {below}"),
                aim,
            );
        };
        let aim = match work {
            "connect" => None,
            "copy-in" | "copy-out" => Some("at most 1.02"),
            _ => Some("at most 1.15"),
        };
        ratio(&mut report, "client", "bare", aim);
        if work != "connect" {
            ratio(&mut report, "pool", "bare", aim);
        }
        ratio(&mut report, "url", "thread", None);
    }
    let aim = Some("at most 1.2");
    report.ratio("test, transaction less empty", "test, loop, net", aim);
    report.ratio("test, sandbox less empty", "test, loop, net", aim);
    report.ratio("test, sandbox, net", "test, transaction, net", None);
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_told_apart_by_work_and_contestant() {
        let mut statements = Statements::new();
        gather("running 1 test\nsample select bare 2.5\nsample select url 5\nsample select bare 3.5\nok", &mut statements).unwrap();
        let bare = &statements[&("select".to_owned(), "bare".to_owned())];
        assert_eq!(bare.len(), 2);
        assert_eq!(statements.len(), 2);
        assert!(gather("sample select bare", &mut statements).is_err());
    }
}
