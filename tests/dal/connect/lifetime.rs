//! Connections that are cancelled, spoilt, closed or cut off, and what their pool makes of it.

use std::future::{Future, poll_fn};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use aiodal::{PoolOptions, SqlState, Transaction};
use tokio_postgres::config::Host;

use super::{cancels, open};
use crate::server::config;

#[aiodal::test]
async fn token_cancels_the_statement_that_runs(tx: &Transaction) -> aiodal::Result<()> {
    let pool = open(tx, PoolOptions::new()).await?;
    let connection = pool.get().await.expect("a connection");
    cancels(&connection).await
}

#[aiodal::test]
async fn spoilt_and_closed_connections_are_not_handed_out_again(
    tx: &Transaction,
) -> aiodal::Result<()> {
    let pool = open(tx, PoolOptions::new().max_size(1)).await?;
    let pid = async || -> i32 {
        let connection = pool.get().await.expect("a connection");
        let row = connection
            .client()
            .query_one("select pg_backend_pid()", &[])
            .await;
        row.expect("it has a pid").get(0)
    };
    let first = pid().await;
    assert_eq!(pid().await, first, "it was returned as it was");
    pool.get().await.expect("a connection").spoil();
    let second = pid().await;
    assert_ne!(second, first);
    tx.execute("select pg_terminate_backend($1, 10000)", &[&second])
        .await?;
    assert_ne!(
        pid().await,
        second,
        "the server has closed it while nobody looked"
    );
    Ok(())
}

#[aiodal::test(flavor = "multi_thread", worker_threads = 2)]
async fn connection_that_the_server_takes_leave_of_is_not_handed_out_again(
    tx: &Transaction,
) -> aiodal::Result<()> {
    let pool = open(tx, PoolOptions::new().max_size(1)).await?;
    for _ in 0..30 {
        let dying = Transaction::begin(&pool).await?;
        let error = dying
            .query_one("select pg_terminate_backend(pg_backend_pid())", &[])
            .await;
        let error = error.expect_err("it has terminated itself");
        assert_eq!(error.code(), Some(&SqlState::ADMIN_SHUTDOWN));
        assert!(error.is_connection_error());
        drop(dying);
        // The server closes the connection only some time after its last word.
        Transaction::begin(&pool)
            .await?
            .query_one("select 1", &[])
            .await?;
    }
    Ok(())
}

#[aiodal::test]
async fn connection_whose_network_is_gone_is_found_out_after_a_minute(
    tx: &Transaction,
) -> aiodal::Result<()> {
    let config = config(tx).await;
    let Some(Host::Unix(socket)) = config.get_hosts().first() else {
        return Ok(());
    };
    let network = TcpNetwork::to(socket.join(format!(".s.PGSQL.{}", config.get_ports()[0]))).await;
    let (port, user) = (
        network.port,
        config.get_user().expect("the session has a role"),
    );
    let url = format!("postgres://{user}@127.0.0.1:{port}/postgres?connect_timeout=1");
    let pool = PoolOptions::new().max_size(1).open(&url.parse()?).await?;
    network.cut.store(true, Ordering::Release);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::time::resume();
    let started = Instant::now();
    Transaction::begin(&pool)
        .await?
        .query_one("select 1", &[])
        .await?;
    assert!(started.elapsed() < Duration::from_secs(20));
    Ok(())
}

/// A network between a port and a socket, of which the connections so far can be lost without anybody being told.
struct TcpNetwork {
    port: u16,
    cut: Arc<AtomicBool>,
}

impl TcpNetwork {
    async fn to(socket: PathBuf) -> TcpNetwork {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let port = listener.local_addr().expect("it is bound").port();
        let cut = Arc::new(AtomicBool::new(false));
        let first = cut.clone();
        tokio::spawn(async move {
            let mut cuttable = Some(first);
            while let Ok((mut client, _)) = listener.accept().await {
                let cut = cuttable.take();
                let mut server = tokio::net::UnixStream::connect(&socket)
                    .await
                    .expect("the server");
                tokio::spawn(async move {
                    let carry = tokio::io::copy_bidirectional(&mut client, &mut server);
                    let mut carry = std::pin::pin!(carry);
                    poll_fn(|cx| match &cut {
                        // Whatever comes is swallowed from here on.
                        Some(cut) if cut.load(Ordering::Acquire) => Poll::Pending,
                        _ => carry.as_mut().poll(cx).map(drop),
                    })
                    .await;
                });
            }
        });
        TcpNetwork { port, cut }
    }
}
