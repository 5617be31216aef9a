//! The COPY statements of a load.

use crate::bulk::batch::Form;
use crate::bulk::format::{Columns, Format};
use crate::error::Result;
use crate::ident::{quote_ident, quote_literal};

/// What precedes the tuples of COPY's binary format: signature, flags, and the length of an extension.
pub(super) const BINARY_HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// What follows them.
pub(super) const BINARY_TRAILER: &[u8] = b"\xff\xff";

/// How the server reads each [`Form`].
#[derive(Debug)]
pub(super) struct CopySql {
    binary: String,
    plain: String,
}

impl CopySql {
    /// `table` is a name as SQL has it; without a format all that is sent is binary.
    pub(super) fn new(table: &str, columns: &[String], format: Option<&Format>) -> Result<CopySql> {
        let into = format!("copy {table} ({}) from stdin", list(columns)?);
        let options = match format {
            Some(format) => options(format, columns)?,
            None => "format binary".to_owned(),
        };
        Ok(CopySql {
            binary: format!("{into} (format binary)"),
            plain: format!("{into} ({options})"),
        })
    }

    pub(super) fn of(&self, form: Form) -> &str {
        match form {
            Form::Binary => &self.binary,
            Form::Plain => &self.plain,
        }
    }
}

/// Returns the names, as SQL has them.
pub(super) fn list(columns: &[String]) -> Result<String> {
    let quoted: Result<Vec<String>> = columns.iter().map(|name| quote_ident(name)).collect();
    Ok(quoted?.join(", "))
}

fn options(format: &Format, columns: &[String]) -> Result<String> {
    let mut options = Vec::new();
    match format {
        Format::Csv(csv) => {
            options.push("format csv".to_owned());
            options.push(byte("delimiter", csv.delimiter));
            options.push(byte("quote", csv.quote));
            options.push(byte("escape", csv.escape.unwrap_or(csv.quote)));
            options.push(format!("null {}", quote_literal(&csv.null)));
            options.extend(some("force_null", &csv.force_null, columns)?);
            options.extend(some("force_not_null", &csv.force_not_null, columns)?);
            options.push(encoding(csv.encoding.as_deref()));
        }
        Format::Text(text) => {
            options.push("format text".to_owned());
            options.push(byte("delimiter", text.delimiter));
            options.push(format!("null {}", quote_literal(&text.null)));
            options.push(encoding(text.encoding.as_deref()));
        }
        // What the reader makes of them: CSV with quotes around all that is not null.
        Format::JsonLines(_) => {
            options.push("format csv".to_owned());
            options.push(encoding(None));
        }
        Format::Binary(_) => options.push("format binary".to_owned()),
    }
    Ok(options.join(", "))
}

fn byte(option: &str, byte: u8) -> String {
    format!("{option} {}", quote_literal(&char::from(byte).to_string()))
}

fn encoding(name: Option<&str>) -> String {
    format!("encoding {}", quote_literal(name.unwrap_or("UTF8")))
}

/// Some options want the names of columns, of those that are copied.
fn some(option: &str, which: &Columns, columns: &[String]) -> Result<Option<String>> {
    let named = match which {
        Columns::None => return Ok(None),
        Columns::All => columns,
        Columns::Named(names) => names,
    };
    Ok((!named.is_empty()).then_some(format!("{option} ({})", list(named)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bulk::{Csv, Text};

    #[test]
    fn options_are_those_of_the_format() {
        let columns = ["a".to_owned(), "B".to_owned()];
        let csv = Csv::new()
            .delimiter(b'\'')
            .escape(b'\\')
            .force_null(Columns::All);
        let sql = CopySql::new("s.t", &columns, Some(&csv.into())).unwrap();
        assert_eq!(
            sql.of(Form::Plain),
            r#"copy s.t ("a", "B") from stdin (format csv, delimiter '''', quote '"', escape E'\\', null '', force_null ("a", "B"), encoding 'UTF8')"#
        );
        assert_eq!(
            sql.of(Form::Binary),
            r#"copy s.t ("a", "B") from stdin (format binary)"#
        );
        let text = Text::new().encoding("LATIN1");
        let sql = CopySql::new("t", &columns[..1], Some(&text.into())).unwrap();
        assert_eq!(
            sql.of(Form::Plain),
            "copy t (\"a\") from stdin (format text, delimiter '\t', null E'\\\\N', encoding 'LATIN1')"
        );
    }
}
