//! `flights export`.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};

use aiodal::bulk::{self, Binary, Csv, ExportReport, Format, JsonLines, Text};
use aiodal::{BoxError, Transaction};
use clap::{Args, ValueEnum};

/// What `flights export` takes.
#[derive(Debug, Args)]
pub struct Export {
    /// The table: `flights`, for instance. It may be a view.
    #[arg(required_unless_present = "query")]
    table: Option<String>,
    /// The file. It is there when it is complete; a name that ends in .gz or .zst has it compressed.
    #[arg(long, short)]
    output: PathBuf,
    /// A query instead of a table.
    #[arg(long, conflicts_with = "table")]
    query: Option<String>,
    /// By default as the file's name says, or else CSV.
    #[arg(long)]
    format: Option<Form>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Csv,
    Text,
    JsonLines,
    Binary,
}

impl Export {
    pub(super) async fn run(
        &self,
        tx: &mut Transaction,
        out: &mut (impl Write + Send),
    ) -> Result<(), BoxError> {
        let export = match &self.query {
            Some(query) => bulk::Export::query(query, &[]),
            None => bulk::Export::table(self.table.as_deref().unwrap_or_default()),
        };
        let form = self.format.unwrap_or_else(|| Form::of(&self.output));
        let ExportReport {
            rows,
            bytes,
            elapsed,
            ..
        } = export
            .format(form.format())
            .to_path(&self.output)
            .run(tx)
            .await?;
        writeln!(out, "{rows} rows, {bytes} bytes, in {elapsed:.1?}")?;
        Ok(())
    }
}

impl Form {
    /// Goes by a file's name.
    fn of(path: &Path) -> Form {
        let is = |extension: Option<&OsStr>, one: &str| {
            extension.is_some_and(|extension| extension.eq_ignore_ascii_case(one))
        };
        let name = match path.extension() {
            extension if is(extension, "gz") || is(extension, "zst") => path.with_extension(""),
            _ => path.to_owned(),
        };
        let extension = name.extension();
        if is(extension, "jsonl") || is(extension, "ndjson") {
            Form::JsonLines
        } else if is(extension, "txt") || is(extension, "tsv") {
            Form::Text
        } else if is(extension, "bin") {
            Form::Binary
        } else {
            Form::Csv
        }
    }

    fn format(self) -> Format {
        match self {
            Form::Csv => Csv::new().into(),
            Form::Text => Text::new().into(),
            Form::JsonLines => JsonLines::new().into(),
            Form::Binary => Binary::new().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_says_its_format() {
        let of = |name: &str| Form::of(Path::new(name));
        assert_eq!(of("flights.csv"), Form::Csv);
        assert_eq!(of("a.b/flights"), Form::Csv);
        assert_eq!(of("flights.gz"), Form::Csv);
        assert_eq!(of("flights.jsonl.gz"), Form::JsonLines);
        assert_eq!(of("flights.NDJSON"), Form::JsonLines);
        assert_eq!(of("flights.tsv.zst"), Form::Text);
        assert_eq!(of("flights.bin"), Form::Binary);
    }
}
