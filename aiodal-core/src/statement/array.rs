//! Arrays in PostgreSQL's binary form, taken apart and put together.
//!
//! The form: the number of dimensions, whether there are nulls, the element's OID, then length and lower bound of each
//! dimension, then length and bytes of each element (`array_send` in the server's sources).

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio_postgres::types::Type;

const NULL: i32 = -1;

/// An array.
#[derive(Debug)]
pub(super) struct Array {
    /// Length and lower bound of each.
    dimensions: Vec<(i32, i32)>,
    elements: Vec<Option<Bytes>>,
}

impl Array {
    /// Makes one of one dimension.
    #[cfg(feature = "sea-query")]
    pub(super) fn of(elements: Vec<Option<Bytes>>) -> Result<Array, String> {
        let length = i32::try_from(elements.len()).map_err(|_| "it has too many elements")?;
        Ok(Array {
            dimensions: if length == 0 {
                vec![]
            } else {
                vec![(length, 1)]
            },
            elements,
        })
    }

    pub(super) fn parse(bytes: &Bytes) -> Result<Array, String> {
        let mut reader = Reader(bytes.clone());
        let count = reader.int()?;
        reader.int()?;
        reader.int()?;
        let dimensions = (0..count)
            .map(|_| Ok((reader.int()?, reader.int()?)))
            .collect::<Result<_, String>>()?;
        let mut elements = Vec::new();
        while reader.0.has_remaining() {
            elements.push(reader.value()?);
        }
        Ok(Array {
            dimensions,
            elements,
        })
    }

    /// Writes the binary form, each element converted.
    pub(super) fn rewrite<E: From<String>>(
        &self,
        element_oid: u32,
        mut convert: impl FnMut(&Bytes) -> Result<Bytes, E>,
    ) -> Result<Bytes, E> {
        let mut out = BytesMut::new();
        out.put_i32(i32::try_from(self.dimensions.len()).map_err(|error| error.to_string())?);
        out.put_i32(i32::from(self.elements.iter().any(Option::is_none)));
        out.put_u32(element_oid);
        for (length, lower) in &self.dimensions {
            out.put_i32(*length);
            out.put_i32(*lower);
        }
        for element in &self.elements {
            match element {
                None => out.put_i32(NULL),
                Some(bytes) => {
                    let bytes = convert(bytes)?;
                    out.put_i32(length(&bytes)?);
                    out.put_slice(&bytes);
                }
            }
        }
        Ok(out.freeze())
    }

    /// Writes an array of strings as a literal of another element type, which reads them.
    pub(super) fn literal(&self, element: &Type) -> Result<Bytes, String> {
        // The only built-in type whose text form has commas (PostgreSQL manual, 8.15.2).
        let delimiter = if *element == Type::BOX { ';' } else { ',' };
        if self.dimensions.len() > 1 {
            return Err("an array of strings of more than one dimension does not convert".into());
        }
        let mut out = String::from("{");
        for (index, element) in self.elements.iter().enumerate() {
            if index > 0 {
                out.push(delimiter);
            }
            let Some(bytes) = element else {
                out.push_str("NULL");
                continue;
            };
            let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
            out.push('"');
            for character in text.chars() {
                if matches!(character, '"' | '\\') {
                    out.push('\\');
                }
                out.push(character);
            }
            out.push('"');
        }
        out.push('}');
        Ok(Bytes::from(out))
    }
}

/// Reads what PostgreSQL's binary forms are made of.
pub(super) struct Reader(pub(super) Bytes);

impl Reader {
    pub(super) fn int(&mut self) -> Result<i32, String> {
        self.0.try_get_i32().map_err(|_| cut())
    }

    /// Reads a length and as many bytes; `None` is null.
    pub(super) fn value(&mut self) -> Result<Option<Bytes>, String> {
        match usize::try_from(self.int()?) {
            Err(_) => Ok(None),
            Ok(length) if length <= self.0.len() => Ok(Some(self.0.split_to(length))),
            Ok(_) => Err(cut()),
        }
    }
}

fn cut() -> String {
    "its binary form ends early".into()
}

pub(super) fn length(bytes: &Bytes) -> Result<i32, String> {
    i32::try_from(bytes.len()).map_err(|_| "it is longer than 2 GB".into())
}
