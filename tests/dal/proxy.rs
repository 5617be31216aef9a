//! A proxy before the server that counts round trips and bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio_postgres::Config;
use tokio_postgres::config::Host;

/// Counts how often a client speaks after the server has, and how much.
#[derive(Default)]
pub(crate) struct Proxy {
    turns: AtomicUsize,
    servers_turn: AtomicBool,
    sent: AtomicUsize,
}

impl Proxy {
    /// Starts a proxy before the server of `config`; returns it, and `config` with the proxy's address.
    pub(crate) async fn start(config: &Config) -> (Arc<Proxy>, Config) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let proxy = Arc::new(Proxy::default());
        let (counter, server) = (proxy.clone(), config.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(counter.clone().relay(client, server.clone()));
            }
        });
        let mut proxied = Config::new();
        proxied
            .host("127.0.0.1")
            .port(port)
            .user(config.get_user().expect("a user"))
            .dbname(config.get_dbname().expect("a database"));
        if let Some(password) = config.get_password() {
            proxied.password(password);
        }
        (proxy, proxied)
    }

    /// Returns how many round trips there have been since this was last asked.
    pub(crate) fn round_trips(&self) -> usize {
        self.turns.swap(0, Ordering::SeqCst)
    }

    /// Returns how many bytes clients have sent since this was last asked.
    pub(crate) fn bytes_sent(&self) -> usize {
        self.sent.swap(0, Ordering::SeqCst)
    }

    async fn relay(self: Arc<Proxy>, client: TcpStream, config: Config) {
        let port = config.get_ports().first().copied().unwrap_or(5432);
        match config.get_hosts().first().expect("a host") {
            Host::Unix(directory) => {
                let path = directory.join(format!(".s.PGSQL.{port}"));
                let server = UnixStream::connect(path).await.expect("the server's");
                self.both(client, server).await;
            }
            Host::Tcp(host) => {
                let server = TcpStream::connect((host.as_str(), port)).await;
                self.both(client, server.expect("the server's")).await;
            }
        }
    }

    async fn both(&self, client: TcpStream, server: impl AsyncRead + AsyncWrite) {
        let (from_client, to_client) = tokio::io::split(client);
        let (from_server, to_server) = tokio::io::split(server);
        futures_util::join!(
            self.pass(from_client, to_server, true),
            self.pass(from_server, to_client, false)
        );
    }

    async fn pass(
        &self,
        mut from: impl AsyncRead + Unpin,
        mut to: impl AsyncWrite + Unpin,
        of_client: bool,
    ) {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            if of_client {
                self.sent.fetch_add(length, Ordering::SeqCst);
            }
            if of_client && !self.servers_turn.swap(true, Ordering::SeqCst) {
                self.turns.fetch_add(1, Ordering::SeqCst);
            } else if !of_client {
                self.servers_turn.store(false, Ordering::SeqCst);
            }
            if to.write_all(&buffer[..length]).await.is_err() {
                break;
            }
        }
        let _closed = to.shutdown().await;
    }
}
