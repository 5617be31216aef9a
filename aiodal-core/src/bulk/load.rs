//! Loading: from a source, or from rows, into a table.

#[cfg(feature = "indicatif")]
mod bar;
mod clock;
mod context;
mod copy;
mod feed;
mod finish;
mod input;
mod job;
mod mapping;
mod opened;
mod parallel;
mod prepare;
mod progress;
mod rejects;
mod report;
mod run;
mod sift;
mod target;
mod trail;

use std::fmt;
use std::io::Write;
use std::time::Duration;

use futures_util::Stream;

use self::input::Input;
use self::mapping::Names;
use self::progress::OnProgress;
pub use self::progress::{Phase, Progress};
use self::rejects::Rejects;
pub use self::report::LoadReport;
use super::format::Format;
use super::merge::Merge;
use super::rows::{RowBatches, ToRow};
use super::source::Source;
use super::stage::Stage;
use crate::dal::DataAccessLayer;
use crate::error::{BoxError, Result};
use crate::schema::{NameRef, QualifiedName};
use crate::transaction::Transaction;

/// A record with more bytes is refused, unless [`Load::max_record`] says otherwise.
const LONGEST_RECORD: usize = 16 * 1024 * 1024;

/// How many bytes are sent at a time.
const BATCH: usize = 64 * 1024;

/// A load: from a source, by COPY, straight into a table or into a [`Stage`] and from there by a [`Merge`].
///
/// It is all or nothing: it runs behind a savepoint of its transaction. If it fails, if its future is dropped or its time is
/// over, nothing of it is there, and the transaction goes on. Whether what it has loaded stays is for the transaction's end
/// to say.
///
/// # Examples
///
/// ```no_run
/// # use aiodal_core::Transaction;
/// use aiodal_core::bulk::{Csv, Load};
///
/// # async fn example(tx: &mut Transaction) -> aiodal_core::Result<()> {
/// let report = Load::new("data/flights.csv.gz", Csv::new().null("NA"))
///     .into_table("flight")
///     .run(tx)
///     .await?;
/// println!("{} flights", report.copied);
/// # Ok(())
/// # }
/// ```
#[must_use = "a load does nothing until it is run"]
pub struct Load<'a> {
    input: Input<'a>,
    table: Option<TableName>,
    stage: Option<Stage>,
    after_copy: Vec<String>,
    merge: Option<Merge<'a>>,
    names: Names,
    max_record: usize,
    server_parser: bool,
    timeout: Option<Duration>,
    rejects: Option<Rejects<'a>>,
    on_progress: Vec<OnProgress<'a>>,
}

/// The name of a table, as somebody wrote it.
#[derive(Clone, Debug)]
enum TableName {
    Sql(String),
    Exact(QualifiedName),
}

impl TableName {
    fn as_ref(&self) -> NameRef<'_> {
        match self {
            TableName::Sql(name) => NameRef::from(name),
            TableName::Exact(name) => NameRef::from(name),
        }
    }
}

impl<'a> Load<'a> {
    /// Loads what a source has in a format. Paths are sources; `-` is the standard input.
    pub fn new(source: impl Into<Source<'a>>, format: impl Into<Format>) -> Load<'a> {
        Load::of(Input::Source(source.into(), format.into()))
    }

    /// Loads typed rows: structs that derive [`ToRow`], or tuples. They are sent in COPY's binary format.
    ///
    /// A struct's fields go to the columns of their names; a tuple's values to the [columns](Load::columns) that are named,
    /// or to all of the table, in order.
    ///
    /// ```no_run
    /// # use aiodal_core::Transaction;
    /// use aiodal_core::bulk::Load;
    ///
    /// # async fn example(tx: &mut Transaction) -> aiodal_core::Result<()> {
    /// let authors = vec![(1, "Hep"), (2, "Ursula")];
    /// Load::rows(authors)
    ///     .into_table("author")
    ///     .columns(["id", "name"])
    ///     .run(tx)
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn rows<I>(rows: I) -> Load<'a>
    where
        I: IntoIterator<Item: ToRow + 'a, IntoIter: Send + 'a>,
    {
        Load::of(Input::Rows(RowBatches::from_iter(rows)))
    }

    /// Loads typed rows as they come.
    pub fn row_stream<S>(rows: S) -> Load<'a>
    where
        S: Stream<Item: ToRow> + Send + 'a,
    {
        Load::of(Input::Rows(RowBatches::from_stream(rows)))
    }

    /// Loads typed rows as they come, from a stream that may fail: its error ends the load, and is the cause of its error.
    pub fn try_row_stream<S, T, E>(rows: S) -> Load<'a>
    where
        S: Stream<Item = Result<T, E>> + Send + 'a,
        T: ToRow,
        E: Into<BoxError> + 'a,
    {
        Load::of(Input::Rows(RowBatches::from_try_stream(rows)))
    }

    fn of(input: Input<'a>) -> Load<'a> {
        Load {
            input,
            table: None,
            stage: None,
            after_copy: Vec::new(),
            merge: None,
            names: Names::default(),
            max_record: LONGEST_RECORD,
            server_parser: false,
            timeout: None,
            rejects: None,
            on_progress: Vec::new(),
        }
    }

    /// Sets the table that the rows are for: `"author"` by the search path, `"sales.orders"`, `r#""My".t"#`.
    pub fn into_table<'n>(mut self, name: impl Into<NameRef<'n>>) -> Load<'a> {
        self.table = Some(match name.into() {
            NameRef::Sql(name) => TableName::Sql(name.to_owned()),
            NameRef::Exact(schema, name) => TableName::Exact(QualifiedName::new(schema, name)),
        });
        self
    }

    /// Loads into a stage first.
    ///
    /// Without a [`merge`](Load::merge), its rows are then inserted into the [table](Load::into_table). Without a table,
    /// too, the stage is what is loaded, and it stays: a temporary one until the transaction ends.
    pub fn stage(mut self, stage: Stage) -> Load<'a> {
        self.stage = Some(stage);
        self
    }

    /// Runs a statement when the rows have been copied, before they are merged: to index the stage, for instance.
    ///
    /// Several run in the order in which they were given.
    pub fn after_copy(mut self, sql: impl Into<String>) -> Load<'a> {
        self.after_copy.push(sql.into());
        self
    }

    /// Says what becomes of staged rows. The stage is [`Stage::temp`] unless [another](Load::stage) is given.
    pub fn merge(mut self, merge: Merge<'a>) -> Load<'a> {
        self.merge = Some(merge);
        self
    }

    /// Names the columns that are loaded, of the table or stage.
    ///
    /// Without a header they are those of the fields, in order. With one they are all that is loaded: each has to be in the
    /// header, and other fields are left out. By default all columns are meant that are not generated.
    pub fn columns<N: Into<String>>(mut self, columns: impl IntoIterator<Item = N>) -> Load<'a> {
        self.names.columns = Some(columns.into_iter().map(Into::into).collect());
        self
    }

    /// Has a field of the source, by the name in its header or by its key, go to a column of another name.
    pub fn rename(mut self, field: impl Into<String>, column: impl Into<String>) -> Load<'a> {
        self.names.renamed.push((field.into(), column.into()));
        self
    }

    /// Leaves a field of the source out.
    pub fn ignore(mut self, field: impl Into<String>) -> Load<'a> {
        self.names.ignored.push(field.into());
        self
    }

    /// Leaves all fields of the source out that are no columns. By default they are an error.
    pub fn ignore_unknown(mut self) -> Load<'a> {
        self.names.ignore_unknown = true;
        self
    }

    /// Limits the size of a record, in bytes: 16 MiB by default. A longer one is an error, and is never in memory as a whole.
    pub fn max_record(mut self, bytes: usize) -> Load<'a> {
        self.max_record = bytes;
        self
    }

    /// Leaves all parsing to the server: what is sent is what the source has.
    ///
    /// What is stored is the same either way. By default values of most types are parsed here, which is faster.
    pub fn server_parser(mut self) -> Load<'a> {
        self.server_parser = true;
        self
    }

    /// Goes on when a row can't be loaded: writes it to `writer`, with the reason, as a line of JSON.
    ///
    /// Each line is an object: `source`, `line`, `record`, `column`, `value`, `code` (the SQLSTATE), `constraint`, `reason`,
    /// and `row`, the row as the source has it; what is not known is null. Every row is either copied or rejected. When one
    /// more than `limit` is bad, the load fails, and nothing of it is there; what has been written is.
    ///
    /// Rows are sent in batches of a few hundred kilobytes, each a COPY of its own behind a savepoint. Without bad rows that
    /// costs little; each bad row has the good ones of its batch sent twice. A row may not refer to one behind it then.
    pub fn reject_to(mut self, writer: impl Write + Send + 'a, limit: u64) -> Load<'a> {
        self.rejects = Some(Rejects::new(writer, limit));
        self
    }

    /// Tells how far the load has come: ten times a second at most, when it goes on to another [`Phase`], and at its end.
    ///
    /// It is called between two batches: what takes long there slows the load down.
    pub fn on_progress(mut self, tell: impl FnMut(&Progress) + Send + 'a) -> Load<'a> {
        self.on_progress.push(Box::new(tell));
        self
    }

    /// Shows a bar on the standard error while the load runs, if that is a terminal. Needs the feature `indicatif`.
    #[cfg(feature = "indicatif")]
    pub fn progress_bar(self) -> Load<'a> {
        let mut bar = bar::Bar::new(&self.input.name());
        self.on_progress(move |progress| bar.show(progress))
    }

    /// Limits how long the load may take in all, waiting for the source and for the server's last word included.
    pub fn timeout(mut self, limit: Duration) -> Load<'a> {
        self.timeout = Some(limit);
        self
    }

    /// Loads, in a transaction.
    ///
    /// # Errors
    ///
    /// A source that can't be read, a name that is no column, a row that can't be loaded
    /// ([`Error::bad_row`](crate::Error::bad_row)), and whatever else the server refuses. Nothing has been loaded then, and
    /// the transaction can be used.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, nothing is loaded, and the transaction can be used.
    pub async fn run(self, tx: &mut Transaction) -> Result<LoadReport> {
        run::run(self, tx).await
    }

    /// Loads over several connections of a data access layer, each in a transaction of its own; all commit when all rows have
    /// been copied.
    ///
    /// It takes two cores and more to make use of it: the server has a process for each connection. What it gives up:
    ///
    /// - The load is part of no transaction of yours, and it is committed when this returns. The commits follow each other:
    ///   who reads in between sees some rows without the others, and if the connection is lost between two commits, the
    ///   error says so. If anything fails before, nothing is loaded.
    /// - Statements [after the copy](Load::after_copy) and the [merge](Load::merge) run in a transaction of their own
    ///   behind these commits. A merge needs a stage that all connections see, [`Stage::unlogged`].
    /// - The rows are copied in no order; those of one connection don't see those of another, so that they may not refer to
    ///   each other. Statement triggers fire more than once. Rows can't be [rejected](Load::reject_to).
    ///
    /// Where transactions are nested in one of somebody else's, in a test for instance, it uses that one connection.
    ///
    /// # Errors
    ///
    /// Like [`run`](Load::run); and no connection became free in time: the pool needs as many, or more.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before the commits, nothing is loaded, but an unlogged stage may stay; drop it.
    pub async fn run_parallel(
        self,
        dal: &DataAccessLayer,
        connections: usize,
    ) -> Result<LoadReport> {
        parallel::run(self, dal, connections).await
    }

    /// Returns what it is called before source and table are known.
    fn operation(&self) -> String {
        let table = self.table.as_ref().map(|name| name.as_ref().text());
        operation(&self.input.name(), table)
    }
}

/// Returns what a load is called in errors.
fn operation(source: &str, table: Option<String>) -> String {
    match table {
        Some(table) => format!("load {source} into {table}"),
        None => format!("load {source}"),
    }
}

impl fmt::Debug for Load<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Load")
            .field("input", &self.input)
            .field("table", &self.table)
            .field("stage", &self.stage)
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}
