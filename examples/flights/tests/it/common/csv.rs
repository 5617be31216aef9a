//! A reader for the files of `seed/`: a header, commas, `NA` for what is missing, nothing quoted.

use std::fs;
use std::path::Path;
use std::str::FromStr;

use aiodal::BoxError;

/// A file, by column: the form in which `unnest` takes it.
pub(super) struct Csv {
    name: &'static str,
    header: Vec<String>,
    records: Vec<Vec<String>>,
}

impl Csv {
    /// Reads a file whose path starts at this package.
    pub(super) fn read(name: &'static str) -> Result<Csv, BoxError> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let text =
            fs::read_to_string(path).map_err(|error| format!("failed to read {name}: {error}"))?;
        Csv::parse(name, &text)
    }

    fn parse(name: &'static str, text: &str) -> Result<Csv, BoxError> {
        let mut lines = text
            .lines()
            .map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
        let header = lines.next().ok_or_else(|| format!("{name} is empty"))?;
        let records: Vec<_> = lines.collect();
        for (record, line) in records.iter().zip(2..) {
            if record.iter().any(|field| field.contains('"')) {
                let limit = "this reader splits at every comma";
                return Err(format!("{name}:{line} has a quoted field; {limit}").into());
            }
            if record.len() != header.len() {
                let (found, expected) = (record.len(), header.len());
                return Err(
                    format!("{name}:{line} has {found} fields, its header {expected}").into(),
                );
            }
        }
        Ok(Csv {
            name,
            header,
            records,
        })
    }

    /// Returns a column as it is written, without what is missing.
    pub(super) fn text(&self, column: &str) -> Result<Vec<Option<&str>>, BoxError> {
        let index = self.header.iter().position(|name| name == column);
        let index = index.ok_or_else(|| format!("{} has no column `{column}`", self.name))?;
        let fields = self.records.iter().map(|record| record[index].as_str());
        Ok(fields
            .map(|field| (field != "NA").then_some(field))
            .collect())
    }

    /// Returns a column of numbers.
    pub(super) fn numbers<T: FromStr>(&self, column: &str) -> Result<Vec<Option<T>>, BoxError> {
        let mut numbers = Vec::with_capacity(self.records.len());
        for (field, line) in self.text(column)?.into_iter().zip(2..) {
            let not_a_number = |_| format!("{}:{line}: `{column}` is not a number", self.name);
            numbers.push(
                field
                    .map(|field| field.parse().map_err(not_a_number))
                    .transpose()?,
            );
        }
        Ok(numbers)
    }
}
