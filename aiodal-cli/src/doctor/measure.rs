//! How long things take here, in the way tests do them.

use std::time::{Duration, Instant};

use aiodal_core::{DatabaseUrl, quote_ident};
use serde::Serialize;
use tokio_postgres::Client;

use super::facts::connect;
use crate::failure::Failure;

/// How a server of our own was had.
#[derive(Clone, Copy, Debug)]
pub(super) enum Attach {
    /// It was started, and its data directory had to be made first.
    First,
    Started,
    Joined,
}

/// Medians, in milliseconds.
#[derive(Debug, Serialize)]
pub(super) struct Speed {
    /// From nothing to a server of our own, `initdb` included: once per version.
    pub(super) first_start: Option<f64>,
    /// The same when its data directory is cached.
    pub(super) start: Option<f64>,
    /// The same when it ran already.
    pub(super) attach: Option<f64>,
    pub(super) connect: f64,
    /// One round trip.
    pub(super) statement: f64,
    /// BEGIN and ROLLBACK: what isolation costs a test.
    pub(super) transaction: f64,
    /// CREATE DATABASE and DROP DATABASE; not measured where nobody asked to write.
    pub(super) create_database: Option<f64>,
    pub(super) drop_database: Option<f64>,
}

impl Speed {
    /// Adds how long it took to get the server.
    pub(super) fn attached(mut self, took: Option<(Duration, Attach)>) -> Speed {
        if let Some((took, attach)) = took {
            let place = match attach {
                Attach::First => &mut self.first_start,
                Attach::Started => &mut self.start,
                Attach::Joined => &mut self.attach,
            };
            *place = Some(millis(took));
        }
        self
    }
}

/// Measures; databases only where `clone` says so, and whether by copying files.
pub(super) async fn measure(url: &DatabaseUrl, clone: Option<bool>) -> Result<Speed, Failure> {
    let mut connects = Vec::new();
    for _ in 0..10 {
        let begun = Instant::now();
        drop(connect(url).await?);
        connects.push(begun.elapsed());
    }
    let client = connect(url).await?;
    let statement = repeat(&client, 200, &["select 1"]).await?;
    let transaction = repeat(&client, 200, &["begin", "rollback"]).await?;
    let (create_database, drop_database) = match clone {
        Some(copy_files) => {
            let (create, drop) = databases(&client, copy_files).await?;
            (Some(create), Some(drop))
        }
        None => (None, None),
    };
    Ok(Speed {
        first_start: None,
        start: None,
        attach: None,
        connect: median(connects),
        statement,
        transaction,
        create_database,
        drop_database,
    })
}

async fn repeat(client: &Client, times: usize, statements: &[&str]) -> Result<f64, Failure> {
    let mut took = Vec::with_capacity(times);
    for _ in 0..times {
        let begun = Instant::now();
        for statement in statements {
            run(client, statement).await?;
        }
        took.push(begun.elapsed());
    }
    Ok(median(took))
}

/// Of the empty template that every server has, which nobody can be connected to.
async fn databases(client: &Client, copy_files: bool) -> Result<(f64, f64), Failure> {
    let strategy = if copy_files {
        " strategy file_copy"
    } else {
        ""
    };
    let name = format!("aiodal_doctor_{}", std::process::id());
    let name = quote_ident(&name)?;
    let (mut creates, mut drops) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let begun = Instant::now();
        run(
            client,
            &format!("create database {name} template template0{strategy}"),
        )
        .await?;
        creates.push(begun.elapsed());
        let begun = Instant::now();
        run(client, &format!("drop database {name}")).await?;
        drops.push(begun.elapsed());
    }
    Ok((median(creates), median(drops)))
}

async fn run(client: &Client, sql: &str) -> Result<(), Failure> {
    let done = client.batch_execute(sql).await;
    done.map_err(|error| Failure::caused(format!("failed to run `{sql}`"), &error))
}

fn median(mut took: Vec<Duration>) -> f64 {
    took.sort();
    took.get(took.len() / 2).copied().map_or(0.0, millis)
}

/// To a hundredth: more would be noise.
fn millis(took: Duration) -> f64 {
    (took.as_secs_f64() * 100_000.0).round() / 100.0
}
