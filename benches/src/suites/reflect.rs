//! What it costs to know a database's schema: aiodal, the floor below it, and the original on SQLAlchemy.

mod contestant;
mod synthetic;

use self::contestant::Contestant;
use crate::postgres::Postgres;
use crate::process::Peers;
use crate::python::Python;
use crate::report::Report;
use crate::server::Server;
use crate::stats::Samples;
use crate::{Result, interrupt};

const PEER: &str = "peer-reflect";

/// What the peer of Rust measures, in the order of a round.
const MEASURES: [(&str, &str); 5] = [
    ("warm", "aiodal, warm connection"),
    ("floor-warm", "floor, warm connection"),
    ("fresh", "aiodal, fresh connection"),
    ("floor-fresh", "floor, fresh connection"),
    ("one", "aiodal, one table, fresh connection"),
];

const SQLALCHEMY: &str = "SQLAlchemy, fresh connection";

const ABOUT: &str = "
Each sample is the time from the first word to the server until the schema is known; connecting is not part of it.
  aiodal      Schema::reflect, all of it but functions; `one table` is the lookup of one by name, nothing known before
  floor       the same catalog statements in the same pipeline, their rows received and dropped
  SQLAlchemy  MetaData.reflect with views, and get_unique_constraints for each table, as the original does
A fresh connection has nothing cached in its backend; a warm one has reflected the same database before.
The tables are synthetic: 10 columns, defaults, a primary key, 1.2 unique constraints, foreign keys, indexes, comments.
Contestants run in turn, round by round, each in a process of its own that lives as long as the suite.";

/// Runs the suite.
///
/// # Errors
///
/// The peer does not build, or a reflection fails.
pub(crate) fn run(quick: bool) -> Result<Report> {
    let (sizes, rounds): (&[usize], usize) = if quick {
        (&[100, 1000], 5)
    } else {
        (&[100, 1000, 5000], 9)
    };
    let peers = Peers::build(&[PEER])?;
    let postgres = Postgres::find()?;
    let server = Server::start(&postgres)?;
    let python = match Python::set_up(&postgres.user, &["sqlalchemy>=2,<3", "asyncpg", "greenlet"])
    {
        Ok(python) => Some(python),
        Err(reason) => {
            eprintln!("SQLAlchemy is left out: {reason}");
            None
        }
    };
    let about = python.as_ref().map_or_else(
        || "SQLAlchemy was left out.".to_owned(),
        |python| python.versions.clone(),
    );
    let mut report = Report::new(
        "reflect",
        vec![ABOUT.to_owned(), postgres.version.clone(), about],
    );
    for &size in sizes {
        let database = format!("synthetic{size}");
        eprintln!("making {size} tables");
        synthetic::create(&server, &database, size)?;
        let mut rust = Contestant::start(
            std::process::Command::new(peers.binary(PEER)).arg(server.url(&database)),
        )?;
        let mut other = match &python {
            Some(python) => Some({
                let mut command = python.script("reflect.py");
                Contestant::start(command.arg(server.directory()).arg(&database))?
            }),
            None => None,
        };
        // Once for the caches of the server.
        for (measure, _) in MEASURES {
            rust.measure(measure)?;
        }
        let mut samples = MEASURES.map(|_| Samples::default());
        let mut theirs = Samples::default();
        for round in 1..=rounds {
            interrupt::check()?;
            eprintln!("{size} tables, round {round} of {rounds}");
            for (samples, (measure, _)) in samples.iter_mut().zip(MEASURES) {
                samples.push(rust.measure(measure)?);
            }
            // It takes as long as all the others of all rounds.
            if let Some(other) = &mut other
                && round <= 100_usize.div_euclid(size.div_euclid(50)).clamp(1, 3)
            {
                theirs.push(other.measure("whole")?);
            }
        }
        add(&mut report, size, samples, theirs);
    }
    if sizes.contains(&5000) {
        let [larger, smaller] = [5000, 1000].map(|size| name(MEASURES[0].1, size));
        report.ratio(&larger, &smaller, Some("about 5"));
    }
    Ok(report)
}

fn add(report: &mut Report, size: usize, samples: [Samples; 5], theirs: Samples) {
    for (samples, (measure, what)) in samples.into_iter().zip(MEASURES) {
        let aim = (measure == "one").then_some("at most 5");
        report.figure_with_aim(name(what, size), "ms", samples, aim);
    }
    for (ours, floor) in [(0, 1), (2, 3)] {
        let [ours, floor] = [ours, floor].map(|at: usize| name(MEASURES[at].1, size));
        report.ratio(&ours, &floor, Some("at most 1.15"));
    }
    if theirs.len() > 0 {
        let other = name(SQLALCHEMY, size);
        report.figure(other.clone(), "ms", theirs);
        report.ratio(&other, &name(MEASURES[2].1, size), None);
    }
}

fn name(what: &str, size: usize) -> String {
    format!("{what}, {size} tables")
}
