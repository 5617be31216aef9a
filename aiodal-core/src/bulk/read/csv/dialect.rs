//! The options of a CSV source, as far as they make a reader read.

use crate::bulk::format::Csv;
use crate::bulk::read::encoding::{is_utf8, refuse_embedding};
use crate::bulk::read::parse::Input;
use crate::error::{Error, Result};

/// The characters with a meaning.
#[derive(Clone, Debug)]
pub(super) struct Dialect {
    pub(super) delimiter: u8,
    pub(super) quote: u8,
    pub(super) escape: u8,
    /// What is NULL, where no quote is.
    pub(super) null: Vec<u8>,
    /// Whether values may be read here: they are UTF-8.
    pub(super) utf8: bool,
}

impl Dialect {
    /// Refuses what COPY would refuse, and what can't be told apart.
    pub(super) fn of(csv: &Csv, input: &Input) -> Result<Dialect> {
        let refuse = |reason: String| Err(Error::refused(&format!("read {}", input.name), reason));
        let escape = csv.escape.unwrap_or(csv.quote);
        let null = csv.null.as_bytes();
        let special = [
            ("delimiter", csv.delimiter),
            ("quote", csv.quote),
            ("escape", escape),
        ];
        for (what, byte) in special {
            if !byte.is_ascii() || [b'\0', b'\r', b'\n'].contains(&byte) {
                let byte = byte.escape_ascii();
                return refuse(format!(
                    "its {what} cannot be `{byte}`: it has to be an ASCII character, and no line end"
                ));
            }
        }
        if csv.delimiter == csv.quote {
            return refuse("its delimiter and its quote have to be different".to_owned());
        }
        let ends = [b'\0', b'\r', b'\n'];
        let clash = |byte: &u8| [csv.delimiter, csv.quote].contains(byte) || ends.contains(byte);
        if null.iter().any(clash) {
            return refuse(
                "its NULL text cannot contain the delimiter, the quote or a line end".to_owned(),
            );
        }
        // Both would come to the server as a line of `\.`, which ends the data.
        let never = match (csv.delimiter, csv.quote) {
            (b'\\', _) => null == b".",
            (b'.', b'\\') => true,
            (b'.', _) => null == b"\\",
            _ => null == b"\\.",
        };
        if never {
            return refuse("a line of `\\.` alone cannot have this meaning in a COPY".to_owned());
        }
        let encoding = csv.encoding.as_deref();
        refuse_embedding(encoding, &input.name)?;
        Ok(Dialect {
            delimiter: csv.delimiter,
            quote: csv.quote,
            escape,
            null: null.to_vec(),
            utf8: is_utf8(encoding),
        })
    }
}
