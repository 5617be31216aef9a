//! What a test costs that has a database of its own, by the number of migrations, as the processes that `cargo test` runs.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;
use std::time::Instant;

use crate::postgres::Postgres;
use crate::process::{Peers, contestant, tests};
use crate::report::Report;
use crate::scratch::{Scratch, on_disk};
use crate::server::Server;
use crate::stats::Samples;
use crate::{Result, interrupt};

/// How many migrations there are, and which of the tests are run: one that takes a second each is run less often.
const SIZES: [(usize, &[&str], usize); 3] = [
    (
        1,
        &[
            "hundred_0::ten_0",
            "hundred_0::ten_1",
            "hundred_0::ten_2",
            "hundred_0::ten_3",
        ],
        40,
    ),
    (50, &["hundred_0"], 100),
    (300, &["hundred_0::ten_0"], 10),
];

/// How many tests libtest is told to run at a time.
const THREADS: [usize; 3] = [1, 2, 8];

const PEERS: [&str; 2] = ["peer-database", "peer-sqlx-database"];

/// Databases per sample of the floor.
const TURNS: usize = 20;

/// Milliseconds between tests that are to find a clone ready.
const PAUSE: &str = "150";

const ABOUT: &str = "
Each sample is a whole process, a release build of a libtest binary: tests that insert a row and count the rows, each in a
database of its own, with 1, 50 and 300 migrations of a table, a foreign key and two indexes each.
  aiodal   #[aiodal::test(isolation = \"database\")], the template there from the run before
  sqlx     #[sqlx::test] with the same migrations
  floor    one connection, CREATE DATABASE from a template with the same tables and DROP DATABASE, again and again
Net is the wall time of the process less the same binary's with a filter that matches no test, per test.
A wait is the time from the call of a test to its body, without a pause before it or with one in which a clone can be made.
All on one server (unix socket, trust, fsync off) which aiodal did not start.";

/// Runs the suite.
///
/// # Errors
///
/// A contestant does not build, or a test of one fails.
pub(crate) fn run(quick: bool) -> Result<Report> {
    let rounds = if quick { 1 } else { 5 };
    let sizes = if quick { &SIZES[..2] } else { &SIZES[..] };
    let peers = Peers::build(&PEERS)?;
    let postgres = Postgres::find()?;
    let server = Server::start(&postgres)?;
    let mut report = Report::new(
        "database",
        vec![
            ABOUT.to_owned(),
            format!("{} as `{}`", postgres.version, postgres.user.name),
        ],
    );
    for (migrations, filters, number) in sizes {
        let directory = Scratch::new(
            &on_disk(),
            &format!("migrations-{migrations}"),
            &postgres.user,
        )?;
        let schema = write_migrations(&directory, *migrations)?;
        server.create_database(&format!("floor_{migrations}"), &schema)?;
        let bench = Bench {
            peers: &peers,
            server: &server,
            directory: &directory,
            migrations: *migrations,
        };
        // The first makes the template.
        bench.waits("0")?;
        let mut floor = Samples::default();
        let (mut waits, mut warm) = (Samples::default(), Samples::default());
        let mut net = THREADS.map(|_| [Samples::default(), Samples::default()]);
        for round in 1..=rounds {
            interrupt::check()?;
            eprintln!("{migrations} migrations, round {round} of {rounds}");
            floor.push(bench.floor()?);
            waits.push(bench.waits("0")?);
            warm.push(bench.waits(PAUSE)?);
            for (threads, samples) in THREADS.iter().zip(&mut net) {
                for (peer, samples) in PEERS.iter().zip(samples) {
                    samples.push(bench.net(peer, *threads, filters, *number)?);
                }
            }
        }
        add(&mut report, *migrations, (floor, waits, warm), net);
    }
    Ok(report)
}

fn add(
    report: &mut Report,
    migrations: usize,
    (floor, waits, warm): (Samples, Samples, Samples),
    net: [[Samples; 2]; 3],
) {
    let name = |what: &str| format!("{migrations} migrations: {what}");
    report.figure(name("floor"), "ms", floor);
    report.figure(name("wait"), "ms", waits);
    report.figure_with_aim(name("wait for a warm clone"), "ms", warm, Some("at most 5"));
    for (threads, [aiodal, sqlx]) in THREADS.iter().zip(net) {
        report.figure(
            name(&format!("aiodal, {threads} threads, net per test")),
            "ms",
            aiodal,
        );
        report.figure(
            name(&format!("sqlx, {threads} threads, net per test")),
            "ms",
            sqlx,
        );
    }
    report.ratio(&name("wait"), &name("floor"), Some("at most 1.2"));
    for threads in THREADS {
        let of = |peer: &str| name(&format!("{peer}, {threads} threads, net per test"));
        let aim = (migrations >= 50).then_some("at least 5");
        report.ratio(&of("sqlx"), &of("aiodal"), aim);
    }
}

/// One size of schema on the server.
struct Bench<'a> {
    peers: &'a Peers,
    server: &'a Server,
    directory: &'a Scratch,
    migrations: usize,
}

impl Bench<'_> {
    fn command(&self, peer: &str) -> Command {
        let mut command = contestant(self.peers.binary(peer));
        let url = self.server.url("postgres");
        command
            .env("BENCH_MIGRATIONS", self.directory.path())
            .env("AIODAL_DATABASE_URL", &url)
            .env("DATABASE_URL", &url)
            // Or aiodal would make its session database anew after every contestant that takes long.
            .env("AIODAL_PG_LINGER", "1h");
        command
    }

    /// Milliseconds per test.
    fn net(&self, peer: &str, threads: usize, filters: &[&str], number: usize) -> Result<f64> {
        let threads = format!("--test-threads={threads}");
        let none = Bench::timed(self.command(peer).args([&threads, "no_such_test"]), 0)?;
        let full = Bench::timed(self.command(peer).arg(&threads).args(filters), number)?;
        #[expect(clippy::cast_precision_loss, reason = "there are few tests")]
        let number = number as f64;
        Ok((full - none) / number)
    }

    fn timed(command: &mut Command, number: usize) -> Result<f64> {
        let run = tests(command, number)?;
        Ok(run.wall.as_secs_f64() * 1e3)
    }

    /// The median of what tests in a row wait, in milliseconds, but for the first.
    fn waits(&self, pause: &str) -> Result<f64> {
        let mut command = self.command(PEERS[0]);
        command.args(["--ignored", "--exact", "waits", "--nocapture"]);
        let run = tests(command.env("BENCH_PAUSE", pause), 1)?;
        let waits = run.stdout.lines().filter_map(|line| {
            let micros: f64 = line.strip_prefix("wait ")?.parse().ok()?;
            Some(micros / 1e3)
        });
        Ok(waits.skip(1).collect::<Samples>().median())
    }

    /// Milliseconds per database.
    fn floor(&self) -> Result<f64> {
        let template = format!("floor_{}", self.migrations);
        let begun = Instant::now();
        self.server.run_each(
            "postgres",
            (0..TURNS).flat_map(|_| {
                [
                    format!("create database floor_copy template {template}"),
                    "drop database floor_copy".to_owned(),
                ]
            }),
        )?;
        #[expect(clippy::cast_precision_loss, reason = "there are few turns")]
        let turns = TURNS as f64;
        Ok(begun.elapsed().as_secs_f64() * 1e3 / turns)
    }
}

/// Writes the migrations, and returns all of them in one.
fn write_migrations(directory: &Scratch, number: usize) -> Result<String> {
    let mut schema = String::new();
    for migration in 1..=number {
        let sql = if migration == 1 {
            include_str!("../../peers/cases/migrations/1_item.sql").to_owned()
        } else {
            format!(
                "create table part_{migration} (id int generated always as identity primary key, name text not null unique, \
                 item int references item (id));\ncreate index on part_{migration} (item);\n"
            )
        };
        fs::write(directory.path().join(format!("{migration}_part.sql")), &sql)?;
        let _infallible = write!(schema, "{sql};");
    }
    Ok(schema)
}
