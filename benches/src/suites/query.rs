//! What the data access layer adds to a statement: the same work over the bare driver and over deadpool.

use std::time::{Duration, Instant};

use aiodal::{Pool, Transaction};
use deadpool_postgres::{Manager, ManagerConfig, RecyclingMethod};
use futures_util::future::try_join_all;
use tokio::runtime::Builder;
use tokio_postgres::{Client, NoTls, Statement};

use crate::postgres::Postgres;
use crate::report::Report;
use crate::server::Server;
use crate::stats::Samples;
use crate::{Result, interrupt};

/// How many statements the longer transaction and the pipelined batch have.
const STATEMENTS: i32 = 20;

const SCHEMA: &str = "create table item (id int primary key, name text not null); \
    insert into item select n, 'item ' || n from generate_series(1, 1000) n; analyze item";

/// Four statements, as an application repeats them.
const SQL: [&str; 4] = [
    "select id, name from item where id = $1",
    "select count(*) from item where id < $1",
    "select name from item where id >= $1 order by id limit 1",
    "select id + 1, upper(name) from item where id = $1",
];

const ABOUT: &str = "
Each contestant has one connection and runs the same statements on it, each with one parameter:
  aiodal      Transaction over our own pool: taken from it, begun, committed and given back each time
  bare        tokio-postgres: the client kept, the statements prepared by hand, client.transaction()
  deadpool    deadpool-postgres, recycled without a test query: taken from the pool, prepare_cached, transaction()
  unprepared  tokio-postgres, the SQL as text: prepared and closed by the driver each time
Work: `one` is a transaction with one query; `twenty` one with twenty in turn, four different ones;
`pipelined` one with the same twenty polled together. `query` is one of them inside a transaction that goes on.
All run in turn, many times a round, on one server (unix socket, trust, fsync off), on one thread.";

const AIM: Option<&str> = Some("<= 1.05");

#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    One,
    Twenty,
    Pipelined,
    Query,
}

const WORKS: [(Work, &str); 4] = [
    (Work::One, "one"),
    (Work::Twenty, "twenty"),
    (Work::Pipelined, "pipelined"),
    (Work::Query, "query"),
];

const CONTESTANTS: [&str; 4] = ["aiodal", "bare", "deadpool", "unprepared"];

/// Runs the suite.
///
/// # Errors
///
/// The server cannot be started, or a contestant fails.
pub(crate) fn run(quick: bool) -> Result<Report> {
    let (rounds, times) = if quick { (5, 40) } else { (31, 100) };
    let postgres = Postgres::find()?;
    let server = Server::start(&postgres)?;
    server.create_database("bench", SCHEMA)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let samples = runtime.block_on(measure(&server.url("bench"), rounds, times))?;

    let mut report = Report::new("query", vec![ABOUT.to_owned()]);
    for ((_, work), samples) in WORKS.iter().zip(samples) {
        for (name, samples) in CONTESTANTS.iter().zip(samples) {
            report.figure(format!("{name}, {work}"), "us", samples);
        }
    }
    for (_, work) in WORKS {
        report.ratio(&format!("aiodal, {work}"), &format!("bare, {work}"), AIM);
    }
    for (_, work) in WORKS {
        report.ratio(
            &format!("deadpool, {work}"),
            &format!("aiodal, {work}"),
            None,
        );
    }
    for (_, work) in WORKS {
        let aim = (work == "query" || work == "one").then_some(">= 1.8");
        report.ratio(
            &format!("unprepared, {work}"),
            &format!("aiodal, {work}"),
            aim,
        );
    }
    Ok(report)
}

type All = [[Samples; 4]; 4];

async fn measure(url: &str, rounds: usize, times: u32) -> Result<All> {
    let aiodal = aiodal::connect(url).await?;
    let mut bare = Bare::connect(url).await?;
    let mut unprepared = Bare::connect(url).await?;
    let manager = Manager::from_config(
        url.parse()?,
        NoTls,
        ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        },
    );
    let deadpool = deadpool_postgres::Pool::builder(manager)
        .max_size(1)
        .build()?;
    let mut all = All::default();
    // The first round warms up.
    for round in 0..=rounds {
        interrupt::check()?;
        for (index, (work, _)) in WORKS.into_iter().enumerate() {
            let took = [
                with_aiodal(&aiodal, work, times).await?,
                bare.prepared(work, times).await?,
                with_deadpool(&deadpool, work, times).await?,
                unprepared.unprepared(work, times).await?,
            ];
            for (samples, took) in all[index].iter_mut().zip(took) {
                if round > 0 {
                    samples.push(took.as_secs_f64() * 1e6 / f64::from(times));
                }
            }
        }
    }
    Ok(all)
}

fn sql(n: i32) -> usize {
    usize::try_from(n).unwrap_or(0) % SQL.len()
}

async fn with_aiodal(pool: &Pool, work: Work, times: u32) -> Result<Duration> {
    let query = async |tx: &Transaction, n: i32| tx.query_one(SQL[sql(n)], &[&n]).await;
    if work == Work::Query {
        let tx = Transaction::begin(pool).await?;
        query(&tx, 4).await?;
        let begun = Instant::now();
        for _ in 0..times {
            query(&tx, 4).await?;
        }
        let took = begun.elapsed();
        tx.commit().await?;
        return Ok(took);
    }
    let begun = Instant::now();
    for _ in 0..times {
        let tx = Transaction::begin(pool).await?;
        match work {
            Work::Twenty => {
                for n in 1..=STATEMENTS {
                    query(&tx, n).await?;
                }
            }
            Work::Pipelined => drop(try_join_all((1..=STATEMENTS).map(|n| query(&tx, n))).await?),
            Work::One | Work::Query => drop(query(&tx, 4).await?),
        }
        tx.commit().await?;
    }
    Ok(begun.elapsed())
}

async fn with_deadpool(pool: &deadpool_postgres::Pool, work: Work, times: u32) -> Result<Duration> {
    let query = async |tx: &deadpool_postgres::Transaction<'_>, n: i32| {
        let statement = tx.prepare_cached(SQL[sql(n)]).await?;
        tx.query_one(&statement, &[&n]).await
    };
    if work == Work::Query {
        let mut client = pool.get().await?;
        let tx = client.transaction().await?;
        query(&tx, 4).await?;
        let begun = Instant::now();
        for _ in 0..times {
            query(&tx, 4).await?;
        }
        let took = begun.elapsed();
        tx.commit().await?;
        return Ok(took);
    }
    let begun = Instant::now();
    for _ in 0..times {
        let mut client = pool.get().await?;
        let tx = client.transaction().await?;
        match work {
            Work::Twenty => {
                for n in 1..=STATEMENTS {
                    query(&tx, n).await?;
                }
            }
            Work::Pipelined => drop(try_join_all((1..=STATEMENTS).map(|n| query(&tx, n))).await?),
            Work::One | Work::Query => drop(query(&tx, 4).await?),
        }
        tx.commit().await?;
    }
    Ok(begun.elapsed())
}

/// The driver's client and what it has prepared.
struct Bare {
    client: Client,
    statements: Vec<Statement>,
}

impl Bare {
    async fn connect(url: &str) -> Result<Bare> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        let statements = try_join_all(SQL.map(|sql| client.prepare(sql))).await?;
        Ok(Bare { client, statements })
    }

    async fn prepared(&mut self, work: Work, times: u32) -> Result<Duration> {
        let statements = self.statements.clone();
        self.run(
            work,
            times,
            async |tx: &tokio_postgres::Transaction<'_>, n| {
                tx.query_one(&statements[sql(n)], &[&n]).await
            },
        )
        .await
    }

    async fn unprepared(&mut self, work: Work, times: u32) -> Result<Duration> {
        self.run(
            work,
            times,
            async |tx: &tokio_postgres::Transaction<'_>, n| tx.query_one(SQL[sql(n)], &[&n]).await,
        )
        .await
    }

    async fn run(
        &mut self,
        work: Work,
        times: u32,
        query: impl AsyncFn(
            &tokio_postgres::Transaction<'_>,
            i32,
        ) -> Result<tokio_postgres::Row, tokio_postgres::Error>,
    ) -> Result<Duration> {
        if work == Work::Query {
            let tx = self.client.transaction().await?;
            query(&tx, 4).await?;
            let begun = Instant::now();
            for _ in 0..times {
                query(&tx, 4).await?;
            }
            let took = begun.elapsed();
            tx.commit().await?;
            return Ok(took);
        }
        let begun = Instant::now();
        for _ in 0..times {
            let tx = self.client.transaction().await?;
            match work {
                Work::Twenty => {
                    for n in 1..=STATEMENTS {
                        query(&tx, n).await?;
                    }
                }
                Work::Pipelined => {
                    drop(try_join_all((1..=STATEMENTS).map(|n| query(&tx, n))).await?);
                }
                Work::One | Work::Query => drop(query(&tx, 4).await?),
            }
            tx.commit().await?;
        }
        Ok(begun.elapsed())
    }
}
