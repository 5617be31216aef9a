//! The thread that compresses and writes a file.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::compress::{Compression, Encoder};
use super::file::{self, Draft, Unfinished};
use crate::error::{Error, Result};

/// How many pieces wait for the thread, at most.
const AHEAD: usize = 4;

/// What the thread is told.
enum Order {
    Write(Bytes),
    /// That was all; without it the file is given up.
    Finish,
}

/// A file, or the standard output, as it is being written by a thread of its own.
#[derive(Debug)]
pub(super) struct Writer {
    orders: mpsc::Sender<Order>,
    done: oneshot::Receiver<Result<()>>,
    /// How many bytes have been written, as they are stored.
    bytes: Arc<AtomicU64>,
    unfinished: Option<Unfinished>,
}

impl Writer {
    /// Opens a file for writing; `-` is the standard output.
    pub(super) async fn open(path: &Path, compression: Compression) -> Result<Writer> {
        let name = name(path);
        let operation = format!("write {name}");
        let (orders, receive) = mpsc::channel(AHEAD);
        let (opened, opening) = oneshot::channel();
        let (tell, done) = oneshot::channel();
        let bytes = Arc::new(AtomicU64::new(0));
        let job = Job {
            path: (!is_stdout(path)).then(|| path.to_owned()),
            name,
            compression,
            bytes: Arc::clone(&bytes),
            orders: receive,
        };
        // Not the runtime's: a pipe that nobody reads would keep a runtime from shutting down.
        thread::Builder::new()
            .name("aiodal export".to_owned())
            .spawn(move || job.run(opened, tell))
            .map_err(|error| {
                let reason = "the system has no thread to spare; see the cause";
                Error::bulk(&operation, reason, Some(error.into()))
            })?;
        let unfinished = opening.await.map_err(|_| gone(&operation))??;
        Ok(Writer {
            orders,
            done,
            bytes,
            unfinished,
        })
    }

    /// Returns how many bytes have been written so far, as they are stored.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Hands a piece over; waits while the thread is behind.
    pub(super) async fn write(&mut self, piece: Bytes) -> Result<()> {
        if self.orders.send(Order::Write(piece)).await.is_ok() {
            return Ok(());
        }
        self.outcome().await
    }

    /// Waits until all is on the disk and the file has its name. Returns how many bytes it has.
    pub(super) async fn finish(mut self) -> Result<u64> {
        // If the thread has ended already, it says why.
        let _ended = self.orders.send(Order::Finish).await;
        self.outcome().await?;
        if let Some(unfinished) = &mut self.unfinished {
            unfinished.forget();
        }
        Ok(self.bytes())
    }

    async fn outcome(&mut self) -> Result<()> {
        (&mut self.done).await.map_err(|_| gone("export"))?
    }
}

/// Returns what errors call a path.
pub(super) fn name(path: &Path) -> String {
    if is_stdout(path) {
        "standard output".to_owned()
    } else {
        path.display().to_string()
    }
}

fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn gone(operation: &str) -> Error {
    let reason = "the thread that writes has ended early; this is a defect of aiodal";
    Error::bulk(operation, reason, None)
}

/// What the thread does.
struct Job {
    /// `None` is the standard output.
    path: Option<PathBuf>,
    name: String,
    compression: Compression,
    bytes: Arc<AtomicU64>,
    orders: mpsc::Receiver<Order>,
}

impl Job {
    /// Whoever waits may have gone; then the orders end, and what was begun is removed.
    fn run(
        mut self,
        opened: oneshot::Sender<Result<Option<Unfinished>>>,
        done: oneshot::Sender<Result<()>>,
    ) {
        let written = match self.path.take() {
            None => {
                let _gone = opened.send(Ok(None));
                self.write(io::stdout().lock(), |mut out| out.flush())
            }
            Some(path) => {
                let path = file::resolve(&path);
                let unfinished = Unfinished::beside(&path);
                let draft = match Draft::open(&path, unfinished.clone()) {
                    Ok(draft) => draft,
                    Err(error) => {
                        let _gone = opened.send(Err(failure(&self.name, error)));
                        return;
                    }
                };
                let _gone = opened.send(Ok(Some(unfinished)));
                self.write(draft, Draft::finish)
            }
        };
        let _gone = done.send(written.map_err(|error| failure(&self.name, error)));
    }

    /// Writes until it is told that this was all, and then finishes.
    fn write<W: Write>(
        &mut self,
        out: W,
        finish: impl FnOnce(W) -> io::Result<()>,
    ) -> io::Result<()> {
        let bytes = &self.bytes;
        let mut encoder = Encoder::new(self.compression, Counted { out, bytes })?;
        loop {
            match self.orders.blocking_recv() {
                Some(Order::Write(piece)) => encoder.write_all(&piece)?,
                Some(Order::Finish) => break,
                // Nobody hears this.
                None => return Err(io::ErrorKind::Interrupted.into()),
            }
        }
        finish(encoder.finish()?.out)
    }
}

/// Counts what is written.
struct Counted<'a, W> {
    out: W,
    bytes: &'a AtomicU64,
}

impl<W: Write> Write for Counted<'_, W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let written = self.out.write(data)?;
        self.bytes.fetch_add(written as u64, Ordering::Relaxed);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn failure(name: &str, error: io::Error) -> Error {
    let reason = match error.kind() {
        io::ErrorKind::NotFound => "there is no such directory; make it first",
        io::ErrorKind::PermissionDenied => {
            "this user may not write there; change the directory's permissions, or choose another"
        }
        io::ErrorKind::IsADirectory => "it is a directory; name a file in it",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "there is no room left; make some, or choose another place"
        }
        io::ErrorKind::BrokenPipe => "whoever read it has gone",
        _ => "the system refused; see the cause",
    };
    Error::bulk(&format!("write {name}"), reason, Some(error.into()))
}
