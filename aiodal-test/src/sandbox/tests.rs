//! The engine before a server that answers what no server does: it ends, and says so to everybody.

mod server;

use std::sync::Arc;
use std::time::{Duration, Instant};

use aiodal_core::{CancelToken, DatabaseUrl};
use bytes::BytesMut;
use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::UnixStream;
use tokio::runtime::{Builder, Handle};
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::timeout;

use self::server::{Random, Server};
use super::engine::{Engine, Parts, Stopped};
use super::report::Report;
use super::serve::{Trust, serve};
use super::shared::Shared;
use super::wire;
use crate::backend::{Socket, Transport};
use crate::case::TestCase;
use crate::config::Config;
use crate::journal::Journal;

/// Nothing here waits for anything but the other side, which has gone.
const BOUND: Duration = Duration::from_secs(20);

/// Most of the time a meeting waits for the server to hang up.
const AT_ONCE: u64 = 32;

/// What clients say, each in its own words.
const QUERIES: [&str; 8] = [
    "select 1",
    "begin; insert into t values (1); commit",
    "begin",
    "rollback",
    "copy t from stdin",
    "set work_mem = '1MB'",
    "listen a; notify a",
    "create temp table t (a int) on commit drop",
];

#[test]
fn engine_bears_what_a_server_sends() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(meet_for_a_while());
}

async fn meet_for_a_while() {
    let seconds = std::env::var("SANDBOX_SECONDS")
        .ok()
        .and_then(|seconds| seconds.parse().ok());
    let until = Instant::now() + Duration::from_secs(seconds.unwrap_or(1));
    let seed = std::env::var("SANDBOX_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let mut round = seed.unwrap_or(1);
    while Instant::now() < until {
        let meetings = (round..round + AT_ONCE).map(|seed| async move {
            meet(seed).await;
        });
        join_all(meetings).await;
        round += AT_ONCE;
    }
    eprintln!("{} meetings", round - seed.unwrap_or(1));
}

/// Has three clients talk to a server that goes when it has said enough.
async fn meet(seed: u64) {
    let mut random = Random::new(seed);
    let (ours, theirs) = UnixStream::pair().unwrap();
    let (sender, events) = unbounded_channel();
    let url = DatabaseUrl::from(
        "host=localhost user=me dbname=me"
            .parse::<tokio_postgres::Config>()
            .unwrap(),
    );
    let shared = Arc::new(Shared::new(Arc::default(), &url, sender));
    let case = TestCase::new("a::b", "a.rs", 1, ".");
    let mut engine = Engine::new(Parts {
        socket: Socket::of(Transport::Unix(ours)),
        events,
        cancel: cancel_token().await,
        journal: Arc::new(Journal::new(&case, &Config::default())),
        report: Arc::new(Report::default()),
        session: Handle::current(),
        patience: Duration::from_millis(20),
        constraints: Arc::default(),
    });
    engine.begin("begin; select 1", false);
    let engine = tokio::spawn(engine.run());
    let clients: Vec<_> = (0..3)
        .map(|_| {
            let (near, far) = tokio::io::duplex(64 << 10);
            tokio::spawn(serve(far, shared.clone(), Trust::Client));
            tokio::spawn(talk(near, random.next()))
        })
        .collect();
    Server::new(theirs, random.next()).serve().await;
    let stopped = engine
        .await
        .unwrap_or_else(|error| panic!("SANDBOX_SEED={seed}: {error}"));
    assert!(
        matches!(stopped, Stopped::Lost(_)),
        "SANDBOX_SEED={seed}: the server is gone"
    );
    for client in clients {
        bounded(seed, "a client", client).await.unwrap();
    }
}

async fn bounded<F: Future>(seed: u64, who: &str, future: F) -> F::Output {
    let done = timeout(BOUND, future).await;
    done.unwrap_or_else(|_| panic!("SANDBOX_SEED={seed}: {who} waits for ever"))
}

/// Says this and that, and reads until the stream ends.
async fn talk(stream: DuplexStream, seed: u64) {
    let mut random = Random::new(seed);
    let (mut reading, mut writing) = tokio::io::split(stream);
    let mut said = BytesMut::new();
    said.extend_from_slice(b"\0\0\0\x14\0\x03\0\0user\0me\0\0\0");
    for _ in 0..10 {
        let sql = QUERIES[random.below(QUERIES.len())];
        if random.below(2) == 0 {
            wire::query(&mut said, sql);
        } else {
            let name = ["", "s"][random.below(2)];
            wire::parse(&mut said, name, sql);
            wire::run_prepared(&mut said, name);
            wire::bare(&mut said, b"SSSH"[random.below(4)]);
        }
        if random.below(4) == 0 {
            wire::put(&mut said, b'd', |buffer| buffer.extend_from_slice(b"1\n"));
            wire::bare(&mut said, b'c');
            wire::bare(&mut said, b'S');
        }
    }
    // Whoever has gone has ended the talk.
    let _gone = writing.write_all(&said).await;
    let mut answer = [0; 4096];
    while matches!(reading.read(&mut answer).await, Ok(read) if read > 0) {}
}

/// Returns what cancels nothing: there is nobody to ask.
async fn cancel_token() -> CancelToken {
    let (near, mut far) = tokio::io::duplex(1 << 10);
    let answer = b"R\0\0\0\x08\0\0\0\0K\0\0\0\x0c\0\0\0\x01\0\0\0\x02Z\0\0\0\x05I";
    far.write_all(answer).await.unwrap();
    let config: tokio_postgres::Config = "host=localhost user=me".parse().unwrap();
    let (client, _connection) = config
        .connect_raw(near, tokio_postgres::NoTls)
        .await
        .unwrap();
    CancelToken::through(client.cancel_token(), None, || async {
        Err::<DuplexStream, _>(std::io::ErrorKind::NotConnected.into())
    })
}
