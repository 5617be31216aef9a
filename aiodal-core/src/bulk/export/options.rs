//! The options of a COPY.

use crate::bulk::format::{Columns, Csv, Header, Text};
use crate::error::{Error, Result};
use crate::ident::quote_literal;

/// In an export there is nothing to skip: a header is there or not.
pub(super) fn has_header(header: Header) -> bool {
    header != Header::None
}

/// Returns the options of a CSV.
pub(super) fn csv_options(csv: &Csv) -> Result<String> {
    let Csv {
        delimiter,
        quote,
        escape,
        null,
        header,
        force_null,
        force_not_null,
        encoding,
    } = csv;
    if [force_null, force_not_null]
        .iter()
        .any(|columns| **columns != Columns::None)
    {
        let reason = "`force_null` and `force_not_null` are for loading: leave them out";
        return Err(Error::refused("export CSV", reason.to_owned()));
    }
    let mut options = "format csv".to_owned();
    let mut option = |name: &str, value: &str| {
        options.extend([", ", name, " ", &quote_literal(value)]);
    };
    if has_header(*header) {
        option("header", "true");
    }
    if *delimiter != b',' {
        option("delimiter", &one(*delimiter));
    }
    if *quote != b'"' {
        option("quote", &one(*quote));
    }
    if let Some(escape) = escape {
        option("escape", &one(*escape));
    }
    if !null.is_empty() {
        option("null", null);
    }
    if let Some(encoding) = encoding {
        option("encoding", encoding);
    }
    Ok(options)
}

/// Returns the options of a text.
pub(super) fn text_options(text: &Text) -> String {
    let Text {
        delimiter,
        null,
        header,
        encoding,
    } = text;
    let mut options = "format text".to_owned();
    let mut option = |name: &str, value: &str| {
        options.extend([", ", name, " ", &quote_literal(value)]);
    };
    if has_header(*header) {
        option("header", "true");
    }
    if *delimiter != b'\t' {
        option("delimiter", &one(*delimiter));
    }
    if null != "\\N" {
        option("null", null);
    }
    if let Some(encoding) = encoding {
        option("encoding", encoding);
    }
    options
}

/// What is no ASCII the server refuses.
fn one(byte: u8) -> String {
    char::from(byte).to_string()
}
