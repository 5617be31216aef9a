//! COPY in bulk: what it takes to get files into tables and tables into files.

mod data;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::postgres::{Postgres, User};
use crate::process::{Peers, Run, contestant, timed};
use crate::python::Python;
use crate::report::Report;
use crate::scratch::{Scratch, fastest};
use crate::server::Server;
use crate::stats::Samples;
use crate::{Result, interrupt};

const PEER: &str = "peer-bulk";

const ABOUT: &str = "
Each sample is one job by one process on one connection, in one transaction, from connecting to COMMIT; the table is
emptied before. Contestants take turns, round by round, on one server (unix socket, fsync off, in memory if there is room).
  aiodal          Load of a file by its path: CSV is read here and sent in binary; `server's parser` sends it as it is
  aiodal, 2       the same over two connections, which is two transactions
  server          COPY FROM a file by the server itself: of the CSV, and of the same rows in COPY's binary format
  psql            \\copy
  tokio-postgres  copy_in by hand: pieces of 256 KiB, fed and not sent
  sqlx            copy_in_raw, pieces of 256 KiB
  asyncpg         copy_to_table, copy_from_table
Work: `line` is 16 columns like TPC-H's lineitem, `narrow` three integers, `json` documents into a column of jsonb;
`stage` copies `line` into a temporary table and inserts from there; `reload` has every row there already, with a primary
key, and upserts the same values; `export` writes `line` to a CSV file. CPU is the client's, memory its peak beyond what it
was before it connected.";

/// Enough that neither checkpoints nor the buffer cache are what is measured.
const SETTINGS: [&str; 4] = [
    "shared_buffers=1GB",
    "max_wal_size=16GB",
    "checkpoint_timeout=1h",
    "jit=off",
];

/// Who does something.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    /// The server, by a statement; `{file}` is the path.
    Server(&'static str),
    Psql(&'static str),
    Peer(&'static str, &'static str),
    Asyncpg(&'static str),
}

/// One thing to measure.
struct Case {
    name: &'static str,
    who: Who,
    table: &'static str,
    file: &'static str,
    /// How the table is got ready.
    before: &'static str,
}

const EMPTY_LINE: &str = "truncate line; checkpoint";
const EMPTY_NARROW: &str = "truncate narrow; checkpoint";
const EMPTY_DOC: &str = "truncate doc; checkpoint";
const FULL_KEY: &str =
    "truncate line_key; insert into line_key select * from line_full; checkpoint";

const fn case(
    name: &'static str,
    who: Who,
    table: &'static str,
    file: &'static str,
    before: &'static str,
) -> Case {
    Case {
        name,
        who,
        table,
        file,
        before,
    }
}

const CASES: [Case; 28] = [
    case(
        "line, server",
        Who::Server("copy line from '{file}' (format csv)"),
        "line",
        "line.csv",
        EMPTY_LINE,
    ),
    case(
        "line, server, binary",
        Who::Server("copy line from '{file}' (format binary)"),
        "line",
        "line.bin",
        EMPTY_LINE,
    ),
    case(
        "line, aiodal",
        Who::Peer("aiodal", "csv"),
        "line",
        "line.csv",
        EMPTY_LINE,
    ),
    case(
        "line, aiodal, 2",
        Who::Peer("aiodal-2", "csv"),
        "line",
        "line.csv",
        EMPTY_LINE,
    ),
    case(
        "line, aiodal, server's parser",
        Who::Peer("aiodal-server", "csv"),
        "line",
        "line.csv",
        EMPTY_LINE,
    ),
    case(
        "line, psql",
        Who::Psql("\\copy line from '{file}' (format csv)"),
        "line",
        "line.csv",
        EMPTY_LINE,
    ),
    case(
        "line, tokio-postgres",
        Who::Peer("tokio-postgres", "csv"),
        "line",
        "line.csv",
        EMPTY_LINE,
    ),
    case(
        "line, sqlx",
        Who::Peer("sqlx", "csv"),
        "line",
        "line.csv",
        EMPTY_LINE,
    ),
    case(
        "line, asyncpg",
        Who::Asyncpg("load"),
        "line",
        "line.csv",
        EMPTY_LINE,
    ),
    case(
        "narrow, server",
        Who::Server("copy narrow from '{file}' (format csv)"),
        "narrow",
        "narrow.csv",
        EMPTY_NARROW,
    ),
    case(
        "narrow, server, binary",
        Who::Server("copy narrow from '{file}' (format binary)"),
        "narrow",
        "narrow.bin",
        EMPTY_NARROW,
    ),
    case(
        "narrow, aiodal",
        Who::Peer("aiodal", "csv"),
        "narrow",
        "narrow.csv",
        EMPTY_NARROW,
    ),
    case(
        "narrow, aiodal, 2",
        Who::Peer("aiodal-2", "csv"),
        "narrow",
        "narrow.csv",
        EMPTY_NARROW,
    ),
    case(
        "narrow, psql",
        Who::Psql("\\copy narrow from '{file}' (format csv)"),
        "narrow",
        "narrow.csv",
        EMPTY_NARROW,
    ),
    case(
        "narrow, tokio-postgres",
        Who::Peer("tokio-postgres", "csv"),
        "narrow",
        "narrow.csv",
        EMPTY_NARROW,
    ),
    case(
        "narrow, asyncpg",
        Who::Asyncpg("load"),
        "narrow",
        "narrow.csv",
        EMPTY_NARROW,
    ),
    case(
        "json, server",
        Who::Server("copy doc from '{file}' (format csv, quote e'\\x01', delimiter e'\\x02')"),
        "doc",
        "doc.json",
        EMPTY_DOC,
    ),
    case(
        "json, aiodal",
        Who::Peer("aiodal", "json"),
        "doc",
        "doc.json",
        EMPTY_DOC,
    ),
    case(
        "json, tokio-postgres",
        Who::Peer("tokio-postgres", "json"),
        "doc",
        "doc.json",
        EMPTY_DOC,
    ),
    case(
        "stage, aiodal",
        Who::Peer("aiodal", "etl"),
        "line",
        "line.csv",
        EMPTY_LINE,
    ),
    case(
        "stage, aiodal, server's parser",
        Who::Peer("aiodal-server", "etl"),
        "line",
        "line.csv",
        EMPTY_LINE,
    ),
    case(
        "reload, aiodal, upsert",
        Who::Peer("aiodal", "upsert"),
        "line_key",
        "line.csv",
        FULL_KEY,
    ),
    case(
        "reload, aiodal, upsert if changed",
        Who::Peer("aiodal", "changed"),
        "line_key",
        "line.csv",
        FULL_KEY,
    ),
    case(
        "export, server",
        Who::Server("copy line_full to '{file}' (format csv)"),
        "line_full",
        "out.server.csv",
        "",
    ),
    case(
        "export, aiodal",
        Who::Peer("aiodal", "export"),
        "line_full",
        "out.aiodal.csv",
        "",
    ),
    case(
        "export, psql",
        Who::Psql("\\copy line_full to '{file}' (format csv)"),
        "line_full",
        "out.psql.csv",
        "",
    ),
    case(
        "export, tokio-postgres",
        Who::Peer("tokio-postgres", "export"),
        "line_full",
        "out.tokio.csv",
        "",
    ),
    case(
        "export, asyncpg",
        Who::Asyncpg("export"),
        "line_full",
        "out.asyncpg.csv",
        "",
    ),
];

/// What is held against what, and what is wanted of it.
const RATIOS: [(&str, &str, Option<&str>); 17] = [
    ("line, aiodal", "line, server", Some("<= 0.67")),
    ("line, aiodal", "line, server, binary", Some("<= 1.10")),
    ("line, aiodal, 2", "line, server", Some("<= 0.55")),
    (
        "line, aiodal, server's parser",
        "line, server",
        Some("<= 1.03"),
    ),
    ("line, psql", "line, aiodal", None),
    ("line, tokio-postgres", "line, aiodal", None),
    ("line, sqlx", "line, aiodal", None),
    ("line, asyncpg", "line, aiodal", None),
    ("narrow, aiodal", "narrow, server", None),
    ("narrow, aiodal", "narrow, server, binary", Some("<= 1.10")),
    ("narrow, aiodal, 2", "narrow, server", None),
    ("json, aiodal", "json, server", None),
    (
        "stage, aiodal",
        "stage, aiodal, server's parser",
        Some("<= 0.77"),
    ),
    (
        "reload, aiodal, upsert",
        "reload, aiodal, upsert if changed",
        Some(">= 1.8"),
    ),
    ("export, psql", "export, aiodal", Some(">= 1.05")),
    ("export, server", "export, aiodal", None),
    ("export, tokio-postgres", "export, aiodal", None),
];

/// Runs the suite.
///
/// # Errors
///
/// A contestant does not build, or fails.
pub(crate) fn run(quick: bool) -> Result<Report> {
    let (scale, rounds) = if quick { (10, 3) } else { (1, 5) };
    let peers = Peers::build(&[PEER])?;
    let postgres = Postgres::find()?;
    let server = Server::start_with(&postgres, &SETTINGS)?;
    let python = match Python::set_up(&postgres.user, &["asyncpg"]) {
        Ok(python) => Some(python),
        Err(reason) => {
            eprintln!("asyncpg is left out: {reason}");
            None
        }
    };
    let scratch = Scratch::new(&fastest(), "bulk", &postgres.user)?;
    prepare(&server, &postgres.user, scratch.path(), scale)?;
    let field = Field {
        peers,
        postgres,
        server,
        python,
        files: scratch,
    };

    let mut all: Vec<[Samples; 3]> = CASES.iter().map(|_| Default::default()).collect();
    // The first round warms up.
    for round in 0..=rounds {
        for (case, samples) in CASES.iter().zip(&mut all) {
            if matches!(case.who, Who::Asyncpg(_)) && field.python.is_none() {
                continue;
            }
            let [wall, cpu, memory] = field.measure(case)?;
            if round > 0 {
                samples[0].push(wall);
                samples[1].push(cpu);
                if let Some(memory) = memory_of(memory) {
                    samples[2].push(memory);
                }
            }
        }
    }
    Ok(report(&field, scale, all))
}

fn report(field: &Field, scale: u64, all: Vec<[Samples; 3]>) -> Report {
    let versions = field.python.as_ref().map_or_else(
        || "asyncpg was left out.".to_owned(),
        |python| python.versions.clone(),
    );
    let sizes = format!(
        "Rows: {} of `line`, {} of `narrow`, {} of `json`.",
        LINES / scale,
        NARROW / scale,
        DOCUMENTS / scale
    );
    let mut report = Report::new(
        "bulk",
        vec![
            ABOUT.to_owned(),
            sizes,
            field.postgres.version.clone(),
            versions,
        ],
    );
    let names: Vec<_> = CASES
        .iter()
        .zip(&all)
        .filter(|(_, samples)| samples[0].len() > 0)
        .map(|(case, _)| case.name)
        .collect();
    for (case, [wall, cpu, memory]) in CASES.iter().zip(all) {
        if wall.len() == 0 {
            continue;
        }
        report.figure(case.name, "s", wall);
        if !matches!(case.who, Who::Server(_)) {
            report.figure(format!("{}: client CPU", case.name), "s", cpu);
        }
        if memory.len() > 0 {
            let ours = case.name.contains("aiodal");
            report.figure_with_aim(
                format!("{}: memory", case.name),
                "MiB",
                memory,
                ours.then_some("<= 16"),
            );
        }
    }
    for (above, below, aim) in RATIOS {
        if names.contains(&above) && names.contains(&below) {
            report.ratio(above, below, aim);
        }
    }
    report
}

const LINES: u64 = 2_000_000;
const NARROW: u64 = 5_000_000;
const DOCUMENTS: u64 = 500_000;

/// Makes the files and the tables.
fn prepare(server: &Server, user: &User, files: &Path, scale: u64) -> Result<()> {
    eprintln!("making the files");
    data::lines(&files.join("line.csv"), LINES / scale)?;
    data::narrow(&files.join("narrow.csv"), NARROW / scale)?;
    data::documents(&files.join("doc.json"), DOCUMENTS / scale)?;
    for name in ["line.csv", "narrow.csv", "doc.json"] {
        user.give(&files.join(name))?;
    }
    server.create_database("bench", data::SCHEMA)?;
    let files = files.display();
    for sql in [
        format!("copy line from '{files}/line.csv' (format csv)"),
        format!("copy line to '{files}/line.bin' (format binary)"),
        "create table line_full as table line".to_owned(),
        format!("copy narrow from '{files}/narrow.csv' (format csv)"),
        format!("copy narrow to '{files}/narrow.bin' (format binary)"),
    ] {
        server.run("bench", &sql)?;
    }
    server.run("bench", "vacuum analyze line_full")
}

/// Where the contestants meet.
struct Field {
    peers: Peers,
    postgres: Postgres,
    server: Server,
    python: Option<Python>,
    files: Scratch,
}

impl Field {
    fn measure(&self, case: &Case) -> Result<[f64; 3]> {
        interrupt::check()?;
        for sql in case.before.split(';').filter(|sql| !sql.is_empty()) {
            self.server.run("bench", sql)?;
        }
        let file: PathBuf = self.files.path().join(case.file);
        let path = file.display().to_string();
        let none = f64::NAN;
        match case.who {
            Who::Server(sql) => {
                let begun = Instant::now();
                self.server.run("bench", &sql.replace("{file}", &path))?;
                Ok([begun.elapsed().as_secs_f64(), none, none])
            }
            Who::Psql(sql) => {
                let mut command = self.postgres.command("psql");
                command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-h"]);
                command
                    .arg(self.server.directory())
                    .args(["-d", "bench", "-c"]);
                let run = timed(command.arg(sql.replace("{file}", &path)))?;
                Ok([run.wall.as_secs_f64(), run.cpu.as_secs_f64(), none])
            }
            Who::Peer(who, job) => {
                let mut command = contestant(self.peers.binary(PEER));
                command
                    .args([who, job, &self.server.url("bench"), case.table])
                    .arg(&file);
                told(&timed(&mut command)?)
            }
            Who::Asyncpg(job) => {
                let python = self.python.as_ref().ok_or("there is no Python")?;
                let mut command: Command = python.script("copy.py");
                command
                    .arg(self.server.directory())
                    .args(["bench", job, case.table])
                    .arg(&file);
                told(&timed(&mut command)?)
            }
        }
    }
}

/// What a contestant says of itself: seconds, and its memory before and at its peak.
fn told(run: &Run) -> Result<[f64; 3]> {
    let numbers: Vec<f64> = run
        .stdout
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    let [seconds, idle, peak] = numbers[..] else {
        return Err(format!(
            "a contestant was to say three numbers, and said {}",
            run.stdout
        )
        .into());
    };
    let wall = Duration::from_secs_f64(seconds);
    Ok([
        wall.as_secs_f64(),
        run.cpu.as_secs_f64(),
        (peak - idle) / 1024.0,
    ])
}

fn memory_of(sample: f64) -> Option<f64> {
    (!sample.is_nan()).then_some(sample)
}
