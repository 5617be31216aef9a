//! Exporting: what COPY sends, to wherever it is wanted.

mod compress;
mod copy;
mod file;
mod literals;
mod options;
mod records;
mod stream;
mod target;
mod writer;

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::StreamExt;
use tokio::io::AsyncWrite;
use tokio_postgres::types::ToSql;

pub use self::compress::Compression;
use self::copy::{Copy, What};
use self::records::Records;
pub use self::stream::ExportStream;
use self::target::Target;
use super::format::{Csv, Format};
use crate::error::{BoxError, Error, Result};
use crate::schema::NameRef;
use crate::transaction::Transaction;

/// An export of a table or of a query: COPY to a file, a writer, a callback or a stream.
///
/// It runs in a transaction, and sees what that sees. The server formats the rows, and they are passed on as they come:
/// memory doesn't grow with them.
///
/// | format | what is written |
/// | --- | --- |
/// | [`Csv`] (the default) | as COPY writes it, with a header unless it has [`Header::None`](super::Header) |
/// | [`Text`](super::Text) | as COPY writes it; a header takes PostgreSQL 15 |
/// | [`JsonLines`](super::JsonLines) | an object per row, as `row_to_json` makes it; or [one column](super::JsonLines::into_column) of each row, as `to_json` makes it, with `null` for NULL |
/// | [`Binary`](super::Binary) | as COPY writes it |
///
/// Sources: PostgreSQL manual, COPY, and 9.16, "JSON Functions and Operators".
///
/// # Examples
///
/// ```no_run
/// # async fn example(tx: &mut aiodal_core::Transaction) -> aiodal_core::Result<()> {
/// use aiodal_core::bulk::{Export, JsonLines};
///
/// let report = Export::table("flight").to_path("flights.csv.gz").run(tx).await?;
/// println!("{} rows, {} bytes", report.rows, report.bytes);
///
/// Export::query("select * from flight where dest = $1 order by day", &[&"LAX"])
///     .format(JsonLines::new())
///     .to_path("lax.jsonl")
///     .run(tx)
///     .await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is exported before `run` or `stream`"]
pub struct Export<'a> {
    what: What<'a>,
    only: Vec<String>,
    format: Format,
    compression: Option<Compression>,
    target: Option<Target<'a>>,
    on_progress: Option<OnProgress<'a>>,
}

type OnProgress<'a> = Box<dyn FnMut(&ExportReport) + Send + 'a>;

/// No call of `on_progress` comes sooner after the last one.
const PAUSE: Duration = Duration::from_millis(100);

/// What an export has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportReport {
    /// The rows; a header is none.
    pub rows: u64,
    /// How many bytes they were before compression.
    pub uncompressed: u64,
    /// How many bytes were written.
    pub bytes: u64,
    /// How long it took, from `run` or `stream` on.
    pub elapsed: Duration,
}

impl<'a> Export<'a> {
    fn new(what: What<'a>) -> Export<'a> {
        Export {
            what,
            only: Vec::new(),
            format: Format::Csv(Csv::new()),
            compression: None,
            target: None,
            on_progress: None,
        }
    }

    /// Exports a table, view or other relation: `"author"` by the search path, `"sales.orders"`, `r#""My".t"#`.
    ///
    /// These are the rows of `select * from` it, those of partitions and of tables that inherit from it included; and all
    /// its columns but generated ones, which can't be loaded again.
    pub fn table(name: impl Into<NameRef<'a>>) -> Export<'a> {
        Export::new(What::Table(name.into()))
    }

    /// Exports what a query returns: a SELECT, VALUES or WITH, or an INSERT, UPDATE or DELETE with RETURNING.
    ///
    /// Parameters are as in [`Transaction::query`]. COPY takes none: the server is asked to write the values as literals of
    /// the parameters' types, and those take their places. Errors and observers show the query with its parameters; the
    /// server's log, if it logs statements, shows the values.
    ///
    /// A data-changing WITH can't become [`JsonLines`](super::JsonLines), unless it returns a single column of type `json`
    /// or `jsonb` that is [the line](super::JsonLines::into_column).
    pub fn query(sql: impl Into<String>, params: &'a [&'a (dyn ToSql + Sync)]) -> Export<'a> {
        Export::new(What::Query(sql.into(), params))
    }

    /// Exports only these columns of a table, in this order.
    pub fn columns(mut self, columns: impl IntoIterator<Item = impl Into<String>>) -> Export<'a> {
        self.only = columns.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the format: CSV with a header by default.
    pub fn format(mut self, format: impl Into<Format>) -> Export<'a> {
        self.format = format.into();
        self
    }

    /// Sets the compression. By default a file is compressed as its name says, by `.gz` or `.zst`, and all else isn't.
    pub fn compress(mut self, compression: Compression) -> Export<'a> {
        self.compression = Some(compression);
        self
    }

    /// Writes a file; `-` is the standard output.
    ///
    /// The file is there whole or not at all. It is written under another name in the same directory (`.aiodal-….part`),
    /// by a thread of its own, and takes its name when everything is on the disk: that replaces a file that was there, and
    /// keeps its permissions. If the export fails or is dropped, the other file is removed, and one that was there before
    /// stays as it was. Only a process that is killed leaves one behind. What is no regular file, a pipe for instance, is
    /// written as it is.
    ///
    /// The file doesn't wait for the transaction's end.
    pub fn to_path(mut self, path: impl Into<PathBuf>) -> Export<'a> {
        self.target = Some(Target::Path(path.into()));
        self
    }

    /// Writes to a writer, in pieces of some 64 KiB, and flushes it at the end. It is not shut down.
    pub fn to_writer(mut self, writer: impl AsyncWrite + Send + 'a) -> Export<'a> {
        self.target = Some(Target::Writer(Box::pin(writer)));
        self
    }

    /// Calls back with the data, in pieces of some 64 KiB that end anywhere. An error ends the export, and is the cause of
    /// its error.
    ///
    /// It is called on the task that runs the export, and should not block.
    pub fn to_callback<E: Into<BoxError>>(
        mut self,
        mut callback: impl FnMut(Bytes) -> Result<(), E> + Send + 'a,
    ) -> Export<'a> {
        let callback = move |piece| callback(piece).map_err(Into::into);
        self.target = Some(Target::Callback(Box::new(callback)));
        self
    }

    /// Calls back with what has been exported so far, ten times per second at most, and with the report at the end. A
    /// [stream](Export::stream) tells it itself.
    pub fn on_progress(mut self, tell: impl FnMut(&ExportReport) + Send + 'a) -> Export<'a> {
        self.on_progress = Some(Box::new(tell));
        self
    }

    /// Runs it.
    ///
    /// # Errors
    ///
    /// What the server refused, and what the target did. Nothing has been changed then, a query that changes data
    /// included, and the transaction can go on; only a writer or a callback may have been given a part.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, it is as after an error.
    pub async fn run(self, tx: &mut Transaction) -> Result<ExportReport> {
        let started = Instant::now();
        let operation = format!("export {}", self.name());
        let Some(target) = self.target else {
            let reason = "it goes nowhere: say `to_path`, `to_writer` or `to_callback`, or take its `stream`";
            return Err(Error::refused(&operation, reason.to_owned()));
        };
        let compression = self.compression.unwrap_or_else(|| target.compression());
        compression.check(&operation)?;
        // Before anything is sent: it may not be possible.
        let (mut open, compression) = target.open(compression).await?;
        let mut on_progress = self.on_progress;
        let mut behind = tx.savepoint().await?;
        let exported = async {
            let copy = Copy::of(&self.what, &self.only, &self.format, &mut behind).await?;
            let mut stream = start(&copy, &mut behind, compression, started).await?;
            let mut told = started;
            while let Some(piece) = stream.next().await {
                open.write(piece?).await?;
                if let Some(tell) = &mut on_progress
                    && told.elapsed() >= PAUSE
                {
                    told = Instant::now();
                    let so_far = stream.report();
                    tell(&ExportReport {
                        bytes: open.bytes().unwrap_or(so_far.bytes),
                        ..so_far
                    });
                }
            }
            let mut report = stream.report();
            drop(stream);
            // Before the savepoint is released: a query that deletes what it returns has not, if this fails.
            if let Some(bytes) = open.finish().await? {
                report.bytes = bytes;
            }
            Ok(report)
        };
        let mut report = match exported.await {
            Ok(report) => report,
            Err(error) => {
                // Why the export failed matters more; if this fails, the transaction is lost with its connection.
                let _lost = behind.rollback().await;
                return Err(error);
            }
        };
        behind.commit().await?;
        report.elapsed = started.elapsed();
        if let Some(tell) = &mut on_progress {
            tell(&report);
        }
        Ok(report)
    }

    /// Starts it, and returns its data as it comes.
    ///
    /// # Errors
    ///
    /// What the server refused, a missing table for instance; the transaction can go on. What it refuses later, the stream
    /// returns, and the transaction has failed.
    ///
    /// # Cancel safety
    ///
    /// The stream may be dropped half-way, as [`CopyOut`](crate::CopyOut) may.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(tx: &mut aiodal_core::Transaction) -> aiodal_core::Result<()> {
    /// use aiodal_core::bulk::{Compression, Export};
    /// use futures_util::TryStreamExt;
    ///
    /// let mut data = Export::table("flight").compress(Compression::Gzip).stream(tx).await?;
    /// while let Some(piece) = data.try_next().await? {
    ///     println!("{} bytes", piece.len());
    /// }
    /// println!("{} rows", data.report().rows);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn stream(self, tx: &mut Transaction) -> Result<ExportStream<'_>> {
        let started = Instant::now();
        let operation = format!("stream {}", self.name());
        if self.target.is_some() {
            let reason = "it has a target as well: take one or the other".to_owned();
            return Err(Error::refused(&operation, reason));
        }
        let compression = self.compression.unwrap_or_default();
        compression.check(&operation)?;
        let copy = {
            let mut behind = tx.savepoint().await?;
            let copy = Copy::of(&self.what, &self.only, &self.format, &mut behind).await?;
            behind.commit().await?;
            copy
        };
        start(&copy, tx, compression, started).await
    }

    fn name(&self) -> String {
        match &self.what {
            What::Table(name) => name.text(),
            What::Query(..) => "a query".to_owned(),
        }
    }
}

async fn start<'t>(
    copy: &Copy,
    tx: &'t mut Transaction,
    compression: Compression,
    started: Instant,
) -> Result<ExportStream<'t>> {
    let out = copy.start(tx).await?;
    ExportStream::new(out, Records::new(copy.shape), compression, started)
}

impl fmt::Debug for Export<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Export")
            .field("what", &self.name())
            .field("format", &self.format)
            .field("compression", &self.compression)
            .finish_non_exhaustive()
    }
}
