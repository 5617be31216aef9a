//! The way into a sandbox from outside of the process.

use std::fmt;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::{TcpListener, UnixListener};
use tokio::task::{AbortHandle, JoinSet};

use super::serve::{Stream, Trust, serve};
use super::shared::{Shared, random};

/// The port that is part of the socket's name.
const PORT: u16 = 5432;

/// How many names to try for the directory of a socket.
const ATTEMPTS: u32 = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Socket,
    Tcp,
}

/// Lets clients in as long as it is there.
#[derive(Debug)]
pub(super) struct Listener {
    url: String,
    accepting: AbortHandle,
    /// The directory of the socket, removed with this.
    directory: Option<PathBuf>,
}

impl Listener {
    /// Listens, on the current runtime.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    pub(super) fn open(way: Way, shared: &Arc<Shared>) -> io::Result<Listener> {
        match way {
            Way::Socket => {
                let directory = directory()?;
                let path = directory.join(format!(".s.PGSQL.{PORT}"));
                let listener = UnixListener::bind(&path).inspect_err(|_| {
                    // Nothing is in it, and nobody is told of it.
                    let _left = fs::remove_dir(&directory);
                })?;
                let clients = shared.clone();
                let accepting = tokio::spawn(async move {
                    let mut serving = JoinSet::new();
                    while let Ok((stream, _)) = listener.accept().await {
                        take(&mut serving, stream, &clients, Trust::Client);
                    }
                });
                Ok(Listener {
                    url: shared.url_at(&format!("host={}&port={PORT}", directory.display()), ""),
                    accepting: accepting.abort_handle(),
                    directory: Some(directory),
                })
            }
            Way::Tcp => {
                let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
                listener.set_nonblocking(true)?;
                let port = listener.local_addr()?.port();
                let listener = TcpListener::from_std(listener)?;
                let clients = shared.clone();
                let accepting = tokio::spawn(async move {
                    let mut serving = JoinSet::new();
                    while let Ok((stream, _)) = listener.accept().await {
                        // A statement and its answer are small, and each waits for the other.
                        if stream.set_nodelay(true).is_ok() {
                            take(&mut serving, stream, &clients, Trust::Stranger);
                        }
                    }
                });
                Ok(Listener {
                    url: shared.url_at("sslmode=disable", &format!("127.0.0.1:{port}")),
                    accepting: accepting.abort_handle(),
                    directory: None,
                })
            }
        }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

fn take(serving: &mut JoinSet<()>, stream: impl Stream, shared: &Arc<Shared>, trust: Trust) {
    serving.spawn(serve(stream, shared.clone(), trust));
    while serving.try_join_next().is_some() {}
}

/// Makes a directory that only this user can enter. Its name is short: that of a socket has about a hundred bytes.
fn directory() -> io::Result<PathBuf> {
    let mut made = Err(io::ErrorKind::AlreadyExists.into());
    for _ in 0..ATTEMPTS {
        let path = std::env::temp_dir().join(format!("aiodal-{:016x}", random()));
        made = DirBuilder::new().mode(0o700).create(&path).map(|()| path);
        if !matches!(&made, Err(error) if error.kind() == io::ErrorKind::AlreadyExists) {
            break;
        }
    }
    made
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.close();
    }
}

impl Listener {
    /// Lets nobody in any more.
    pub(super) fn close(&self) {
        self.accepting.abort();
        if let Some(directory) = &self.directory {
            // Whoever has removed it before has done what was to be done.
            let _gone = fs::remove_dir_all(directory);
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Way::Socket => "a Unix socket",
            Way::Tcp => "a port of 127.0.0.1",
        })
    }
}
