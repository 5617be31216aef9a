//! Loading and exporting in bulk: COPY, with what belongs around it.

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
