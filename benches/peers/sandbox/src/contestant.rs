//! Who does it: a client of the driver, or the clients of a pool.

use std::fmt::Write as _;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use aiodal::{Pool, Sandbox};
use bytes::Bytes;
use futures_util::{SinkExt, TryStreamExt};
use tokio::runtime::Builder;
use tokio_postgres::{Client, NoTls, Statement};

use crate::work::{Kind, Work};
use crate::{BoxError, Result};

/// Statements of a longer transaction.
const STATEMENTS: i32 = 20;

const ROWS: i32 = 100_000;

/// How much of a COPY is sent at a time, in bytes.
const PIECE: usize = 64 << 10;

/// The rows of a COPY, as text, in pieces. They are made once.
fn pieces() -> &'static [Bytes] {
    static PIECES: OnceLock<Vec<Bytes>> = OnceLock::new();
    PIECES.get_or_init(|| {
        let mut rows = String::new();
        for n in 1..=ROWS {
            let _infallible = writeln!(rows, "{n}\t{}\trow {n}", i64::from(n) * 7);
        }
        let pieces = rows.as_bytes().chunks(PIECE);
        pieces.map(Bytes::copy_from_slice).collect()
    })
}

/// Clients of one kind, with what they have prepared.
pub(crate) struct Contestant {
    from: From,
    new: New,
    select: Statement,
    insert: Statement,
}

/// Where a client comes from for each piece of work.
enum From {
    Kept(Arc<Client>),
    Pool(Pool),
}

/// How another is made.
enum New {
    Url(String),
    Thread(String),
    Sandbox(Sandbox),
    /// It is not measured.
    Pool,
}

impl New {
    async fn connect(&self) -> Result<Client> {
        match self {
            New::Url(url) => {
                let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
                tokio::spawn(connection);
                Ok(client)
            }
            New::Thread(url) => connect_on_thread(url.clone()).await,
            New::Sandbox(sandbox) => Ok(sandbox.client().await?),
            New::Pool => Err("a pool connects by itself".into()),
        }
    }
}

/// Connects on a thread of its own, which drives the connection from then on.
async fn connect_on_thread(url: String) -> Result<Client> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    thread::spawn(move || {
        let Ok(runtime) = Builder::new_current_thread().enable_all().build() else {
            return;
        };
        runtime.block_on(async {
            if let Ok((client, connection)) = tokio_postgres::connect(&url, NoTls).await
                && sender.send(client).is_ok()
            {
                let _gone = connection.await;
            }
        });
    });
    Ok(receiver.await?)
}

impl Contestant {
    /// The driver alone, on this runtime.
    pub(crate) async fn bare(url: &str) -> Result<Contestant> {
        Contestant::kept(New::Url(url.to_owned())).await
    }

    /// The driver alone, on a runtime of another thread.
    pub(crate) async fn on_thread(url: &str) -> Result<Contestant> {
        Contestant::kept(New::Thread(url.to_owned())).await
    }

    /// A client by the sandbox.
    pub(crate) async fn client(sandbox: &Sandbox) -> Result<Contestant> {
        Contestant::kept(New::Sandbox(sandbox.clone())).await
    }

    /// A pool of one connection, which each statement or transaction takes and gives back.
    pub(crate) async fn pool(pool: Pool) -> Result<Contestant> {
        let client = pool.get().await?.client().clone();
        Contestant::new(From::Pool(pool), New::Pool, &client).await
    }

    async fn kept(new: New) -> Result<Contestant> {
        let client = Arc::new(new.connect().await?);
        Contestant::new(From::Kept(client.clone()), new, &client).await
    }

    async fn new(from: From, new: New, client: &Client) -> Result<Contestant> {
        let select = client
            .prepare("select id, name from known where id = $1")
            .await?;
        let insert = client
            .prepare("insert into item (name) values ($1)")
            .await?;
        Ok(Contestant {
            from,
            new,
            select,
            insert,
        })
    }

    /// Does it as often as it says; how long that took, if it can.
    pub(crate) async fn run(&self, work: &Work) -> Result<Option<Duration>> {
        if work.kind == Kind::CopyIn {
            return self.copy_in(work.times).await.map(Some);
        }
        if work.kind == Kind::Connect {
            return match self.new {
                New::Pool => Ok(None),
                _ => self.connect(work.times).await.map(Some),
            };
        }
        let begun = Instant::now();
        for turn in 0..work.times {
            match &self.from {
                From::Kept(client) => self.once(client, work.kind, turn).await?,
                From::Pool(pool) => {
                    let connection = pool.get().await?;
                    self.once(connection.client(), work.kind, turn).await?;
                }
            }
        }
        Ok(Some(begun.elapsed()))
    }

    async fn once(&self, client: &Client, kind: Kind, turn: u32) -> Result<()> {
        match kind {
            Kind::Select => {
                let id = i32::try_from(turn)? + 1;
                client.query_one(&self.select, &[&id]).await?;
            }
            Kind::Simple => drop(client.simple_query("select 1").await?),
            Kind::Insert => drop(client.execute(&self.insert, &[&"lamp"]).await?),
            Kind::Twenty => {
                client.batch_execute("begin").await?;
                for _ in 0..STATEMENTS {
                    client.execute(&self.insert, &[&"lamp"]).await?;
                }
                client.batch_execute("commit").await?;
            }
            Kind::Empty => {
                client.batch_execute("begin").await?;
                client.batch_execute("commit").await?;
            }
            Kind::CopyOut => {
                let mut rows = pin!(client.copy_out("copy narrow_full to stdout").await?);
                let mut bytes = 0;
                while let Some(row) = rows.try_next().await? {
                    bytes += row.len();
                }
                assert!(bytes > 1 << 20, "{bytes} bytes are not all of it");
            }
            Kind::Connect | Kind::CopyIn => unreachable!("`run` has them done"),
        }
        Ok(())
    }

    /// Until the client is there; that it goes again is not measured.
    async fn connect(&self, times: u32) -> Result<Duration> {
        let mut took = Duration::ZERO;
        for _ in 0..times {
            let begun = Instant::now();
            let client = self.new.connect().await?;
            took += begun.elapsed();
            drop(client);
        }
        Ok(took)
    }

    /// The rows are rolled back, which is not measured.
    async fn copy_in(&self, times: u32) -> Result<Duration> {
        let mut took = Duration::ZERO;
        for _ in 0..times {
            let connection;
            let client = match &self.from {
                From::Kept(client) => client,
                From::Pool(pool) => {
                    connection = pool.get().await?;
                    connection.client()
                }
            };
            client.batch_execute("begin").await?;
            let begun = Instant::now();
            let copy = async {
                let sink = client.copy_in::<_, Bytes>("copy narrow from stdin").await?;
                let mut sink = pin!(sink);
                for piece in pieces() {
                    sink.feed(piece.clone()).await?;
                }
                Ok::<_, BoxError>(sink.finish().await?)
            };
            let copied = copy.await?;
            took += begun.elapsed();
            assert_eq!(copied, ROWS.unsigned_abs().into());
            client.batch_execute("rollback").await?;
        }
        Ok(took)
    }
}
