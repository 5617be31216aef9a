//! From the client's side: what is sent is wrong, and the answers are read to their end.

use std::io;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::time::timeout;

use super::bytes::{messages, mutate};
use super::memory::Memory;
use crate::client::Client;
use crate::endpoint::Endpoint;
use crate::message::Message;
use crate::random::Random;
use crate::raw::Stream;
use crate::reply::Reply;
use crate::search::{chance, read};

/// A client that has said all it has to say is done with in far less.
const PATIENCE: Duration = Duration::from_secs(20);

/// Sends for so long what comes of one seed after another; of a given seed, once, unless it is said for how long.
pub(crate) async fn fuzz(endpoint: &Endpoint, time: Duration) {
    let again = read("SANDBOX_SEED");
    let is_one = again.is_some() && read("SANDBOX_SECONDS").is_none();
    let first = again.unwrap_or(chance());
    let started = Instant::now();
    let memory = Memory::now();
    let mut seed = first;
    while started.elapsed() < time {
        let done = timeout(PATIENCE, round(endpoint, &mut Random::new(seed))).await;
        assert!(done.is_ok(), "SANDBOX_SEED={seed} is never done with");
        let replies = ask(endpoint).await;
        assert!(
            is_served(&replies),
            "behind SANDBOX_SEED={first} to {seed} the next client isn't served: {replies:?}"
        );
        memory.check(seed);
        seed += 1;
        if is_one {
            break;
        }
    }
    eprintln!("{} rounds from SANDBOX_SEED={first}", seed - first);
}

async fn round(endpoint: &Endpoint, random: &mut Random) {
    let mut startup = BytesMut::new();
    let introduced = endpoint.introduce(&[], &mut startup);
    introduced.expect("the endpoint's own words are right");
    let mut bytes = startup.to_vec();
    if random.chance(1, 5) {
        mutate(random, &mut bytes);
    }
    let mut rest = messages(random);
    if random.chance(9, 10) {
        mutate(random, &mut rest);
    }
    bytes.append(&mut rest);
    let stream = endpoint.open().await.expect("the endpoint takes another");
    let (incoming, outgoing) = split(stream);
    // That a connection is closed on somebody who sends such bytes is as it should be.
    let (_sent, _read) = tokio::join!(send(outgoing, &bytes, random), swallow(incoming));
}

async fn send(
    mut stream: WriteHalf<Box<dyn Stream>>,
    bytes: &[u8],
    random: &mut Random,
) -> io::Result<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let most = *random.pick(&[1, 5, 100, 10_000]);
        let (piece, others) = rest.split_at(random.between(1, most).min(rest.len()));
        stream.write_all(piece).await?;
        stream.flush().await?;
        if random.chance(1, 4) {
            tokio::task::yield_now().await;
        }
        rest = others;
    }
    stream.shutdown().await
}

async fn swallow(mut stream: ReadHalf<Box<dyn Stream>>) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 16];
    while stream.read(&mut buffer).await? > 0 {}
    Ok(())
}

async fn ask(endpoint: &Endpoint) -> Vec<Reply> {
    let (mut client, _) = Client::connect(endpoint, &[]).await;
    let replies = client.step(&Message::Query("select 1".to_owned())).await;
    client.step(&Message::Terminate).await;
    replies
}

fn is_served(replies: &[Reply]) -> bool {
    replies.iter().any(|reply| reply.tag == b'D')
        && replies.last().is_some_and(|last| last.tag == Reply::READY)
}
