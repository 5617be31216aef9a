//! Loading and exporting in bulk: COPY, with what belongs around it.
//!
//! A [`Load`] goes from a [`Source`] (a path, a reader, a stream, rows of a type of yours) in a [`Format`] into a table:
//! straight, or by way of a [`Stage`] and a [`Merge`]. An [`Export`] goes from a table or a query into a file, a writer or a
//! stream. Both run in a transaction of yours and end nothing: what it commits is loaded, and a load that failed, ran
//! out of time or was dropped has left nothing in it.
//!
//! ```no_run
//! use aiodal_core::Transaction;
//! use aiodal_core::bulk::{Csv, Dedupe, Export, JsonLines, Load, Merge, Stage};
//!
//! # async fn example(tx: &mut Transaction) -> aiodal_core::Result<()> {
//! // Columns by the header's names, in whatever order; gzip and zstd are recognised.
//! Load::new("flights.csv.gz", Csv::new().null("NA")).into_table("flight").run(tx).await?;
//!
//! // What is there is updated where it differs, what is new inserted, what is gone deleted.
//! let merge = Merge::upsert().if_changed().delete_missing().dedupe(Dedupe::Last);
//! let report = Load::new("prices.csv", Csv::new()).into_table("shop.price").merge(merge).run(tx).await?;
//! println!("{} new, {} changed, {} as they were", report.inserted, report.updated, report.unchanged);
//!
//! // Documents into a stage, and from there with SQL.
//! Load::new("authors.jsonl", JsonLines::into_column("record"))
//!     .stage(Stage::columns([("record", "jsonb")]).name("staged"))
//!     .after_copy("create index on staged ((record->>'name'))")
//!     .merge(Merge::sql("insert into author (name) select distinct record->>'name' from staged"))
//!     .run(tx)
//!     .await?;
//!
//! Export::query("select * from flight where origin = $1", &[&"JFK"]).to_path("jfk.csv.zst").run(tx).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Who reads the values
//!
//! CSV and JSON lines are read here and sent in COPY's binary format, which costs the server much less than its own CSV does.
//! A value that is not plainly what it seems is left to the server with its whole row, so what is stored, or refused and by
//! which code, is what `COPY … (FORMAT csv)` would have made of the file. Four things differ, on purpose: a byte order mark
//! is dropped, line ends may be mixed, a line `\.` alone is data (before 18 the server takes it for the end, and drops the
//! rest), and a header's names say which column is which. If a column's type has no converter here (ranges, `inet`, types of
//! extensions), the whole table's rows go as they are.
//!
//! # Bad rows
//!
//! The first ends the load, with an error that names source, line, column, value and reason ([`BadRow`]). With
//! [`Load::reject_to`] bad rows are written down as JSON lines and the rest is loaded; rows that refer to nothing can be
//! left out, emptied or rejected by the merge ([`Orphans`]).

mod bad_row;
mod batch;
mod convert;
mod export;
mod format;
mod load;
mod merge;
mod read;
mod rows;
mod source;
mod stage;

pub use self::bad_row::BadRow;
pub use self::export::{Compression, Export, ExportReport, ExportStream};
pub use self::format::{Binary, Columns, Csv, Format, Header, JsonLines, Text};
pub use self::load::{Load, LoadReport, Phase, Progress};
pub use self::merge::{Dedupe, Merge, Orphans};
pub use self::rows::{RowColumns, RowWriter, ToColumn, ToJson, ToRow};
#[doc(hidden)]
pub use self::rows::{is_column, is_json, is_row};
pub use self::source::Source;
pub use self::stage::Stage;
