//! What a test costs that has the database to itself: 300 of them, as the processes that `cargo test` runs.

use std::process::Command;

use crate::postgres::Postgres;
use crate::process::{Peers, contestant, tests};
use crate::report::Report;
use crate::server::Server;
use crate::stats::Samples;
use crate::{Result, interrupt};

/// Tests, or turns of the floor's loop.
const TESTS: f64 = 300.0;

/// How many tests libtest is told to run at a time.
const THREADS: [usize; 3] = [1, 2, 8];

/// Of contestants that take tenths of seconds; the others take seconds, and are less at the mercy of a moment.
const TURNS: usize = 5;

const SCHEMA: &str = include_str!("../../peers/cases/migrations/1_item.sql");

/// One way to isolate a test.
struct Contestant {
    name: &'static str,
    peer: &'static str,
    /// The variable that it reads the database's URL from, and the database.
    database: Option<(&'static str, &'static str)>,
    /// How many libtest tests it has.
    tests: usize,
    /// How many of them libtest runs at a time.
    threads: &'static [usize],
    /// How many samples it gives in a round.
    turns: usize,
}

const CONTESTANTS: [Contestant; 5] = [
    Contestant {
        name: "aiodal",
        peer: "peer-aiodal",
        database: Some(("AIODAL_DATABASE_URL", "postgres")),
        tests: 300,
        threads: &THREADS,
        turns: TURNS,
    },
    Contestant {
        name: "sqlx",
        peer: "peer-sqlx",
        database: Some(("DATABASE_URL", "postgres")),
        tests: 300,
        threads: &THREADS,
        turns: 1,
    },
    Contestant {
        name: "connect",
        peer: "peer-connect",
        database: Some(("BENCH_URL", "bench")),
        tests: 300,
        threads: &THREADS,
        turns: 1,
    },
    Contestant {
        name: "floor",
        peer: "peer-floor",
        database: Some(("BENCH_URL", "bench")),
        tests: 1,
        threads: &[1],
        turns: TURNS,
    },
    Contestant {
        name: "empty",
        peer: "peer-empty",
        database: None,
        tests: 300,
        threads: &THREADS,
        turns: TURNS,
    },
];

const ABOUT: &str = "
Each sample is a whole process, a release build of a libtest binary: 300 tests that insert a row and count the rows.
  aiodal   #[aiodal::test], its template and session database there from the run before
  sqlx     #[sqlx::test] with the same migration: a database per test
  connect  #[tokio::test] that connects, BEGINs, inserts, counts, rolls back and closes
  floor    one test: one connection, 300 times BEGIN, insert, count, ROLLBACK, the statements prepared once
  empty    300 #[tokio::test] that do nothing: what libtest, a thread and a runtime per test cost everybody but the floor
  `aiodal less empty` is aiodal without that, round by round
Gross is the wall time of the process. Net is that less the same binary's with a filter that matches no test, over 300.
All run in turn, round by round, the quick ones several times a round, on one server (unix socket, trust, fsync off).
Each has run once before, and the server is vacuumed before each sample.";

/// Runs the suite.
///
/// # Errors
///
/// A contestant does not build, or a test of one fails.
pub(crate) fn run(quick: bool) -> Result<Report> {
    let rounds = if quick { 2 } else { 5 };
    let peers = Peers::build(&CONTESTANTS.map(|contestant| contestant.peer))?;
    let postgres = Postgres::find()?;
    let server = Server::start(&postgres)?;
    server.create_database("bench", SCHEMA)?;

    let mut entries = entries(&peers, &server);
    // The first one makes the template, and fills the caches of the server and of the machine.
    for entry in &mut entries {
        if entry.contestant.threads.last() == Some(&entry.threads) {
            entry.sample(&server)?;
            entry.forget();
        }
    }
    for round in 1..=rounds {
        interrupt::check()?;
        eprintln!("round {round} of {rounds}");
        for turn in 0..TURNS {
            for entry in &mut entries {
                if turn < entry.contestant.turns {
                    entry.sample(&server)?;
                }
            }
        }
    }
    Ok(report(&postgres, &entries))
}

/// A contestant at one number of threads, and its samples.
struct Entry {
    contestant: &'static Contestant,
    threads: usize,
    full: Command,
    none: Command,
    /// Milliseconds per process.
    gross: Samples,
    /// Microseconds per test.
    net: Samples,
}

fn entries(peers: &Peers, server: &Server) -> Vec<Entry> {
    let entry = |contestant: &'static Contestant, threads: usize| {
        let command = |filter: Option<&str>| {
            let mut command = self::contestant(peers.binary(contestant.peer));
            command
                .arg(format!("--test-threads={threads}"))
                .args(filter);
            if let Some((variable, database)) = contestant.database {
                command.env(variable, server.url(database));
                // Or aiodal would make its session database anew after every contestant that takes long.
                command.env("AIODAL_PG_LINGER", "1h");
            }
            command
        };
        Entry {
            contestant,
            threads,
            full: command(None),
            none: command(Some("no_such_test")),
            gross: Samples::default(),
            net: Samples::default(),
        }
    };
    THREADS
        .into_iter()
        .flat_map(|threads| {
            CONTESTANTS
                .iter()
                .filter(move |contestant| contestant.threads.contains(&threads))
                .map(move |contestant| (contestant, threads))
        })
        .map(|(contestant, threads)| entry(contestant, threads))
        .collect()
}

impl Entry {
    fn sample(&mut self, server: &Server) -> Result<()> {
        // What the test before rolled back is still in the table, and would be counted through.
        server.vacuum()?;
        let none = tests(&mut self.none, 0)?.wall;
        let full = tests(&mut self.full, self.contestant.tests)?.wall;
        self.gross.push(full.as_secs_f64() * 1e3);
        let net = full.as_secs_f64() - none.as_secs_f64();
        self.net.push(net * 1e6 / TESTS);
        Ok(())
    }

    fn forget(&mut self) {
        self.gross = Samples::default();
        self.net = Samples::default();
    }
}

fn report(postgres: &Postgres, entries: &[Entry]) -> Report {
    let server = format!("{} as `{}`", postgres.version, postgres.user.name);
    let mut report = Report::new("isolation", vec![ABOUT.to_owned(), server]);
    for entry in entries {
        let name = format!(
            "{}, {}, gross",
            entry.contestant.name,
            threads(entry.threads)
        );
        report.figure(name, "ms", entry.gross.clone());
    }
    for entry in entries {
        report.figure(
            net(entry.contestant.name, entry.threads),
            "us",
            entry.net.clone(),
        );
    }
    for threads in THREADS {
        report.figure(
            net("aiodal less empty", threads),
            "us",
            less_empty(entries, threads),
        );
    }
    report.ratio(&net("aiodal", 1), &net("floor", 1), Some("at most 2"));
    report.ratio(&net("aiodal less empty", 1), &net("floor", 1), None);
    for threads in THREADS {
        report.ratio(
            &net("sqlx", threads),
            &net("aiodal", threads),
            Some("at least 50"),
        );
    }
    for threads in THREADS {
        report.ratio(&net("connect", threads), &net("aiodal", threads), None);
    }
    report
}

/// What aiodal adds to a test that does nothing.
fn less_empty(entries: &[Entry], threads: usize) -> Samples {
    let of = |name: &str| {
        let mut found = entries.iter();
        let entry = found.find(|entry| entry.threads == threads && entry.contestant.name == name);
        &entry.expect("both run at every number of threads").net
    };
    of("aiodal").less(of("empty"))
}

/// What a figure per test is called.
fn net(contestant: &str, number: usize) -> String {
    format!("{contestant}, {}, net per test", threads(number))
}

fn threads(number: usize) -> String {
    format!("{number} thread{}", if number == 1 { "" } else { "s" })
}
