//! Where bad rows go.

use std::fmt;
use std::io::Write;

use crate::bulk::bad_row::BadRow;
use crate::error::{Error, Result};

/// Writes bad rows, a line of JSON each, up to a limit.
pub(super) struct Rejects<'a> {
    writer: Box<dyn Write + Send + 'a>,
    limit: u64,
    count: u64,
}

impl<'a> Rejects<'a> {
    pub(super) fn new(writer: impl Write + Send + 'a, limit: u64) -> Rejects<'a> {
        Rejects {
            writer: Box::new(writer),
            limit,
            count: 0,
        }
    }

    /// Returns how many more may be rejected.
    pub(super) fn left(&self) -> u64 {
        self.limit - self.count
    }

    /// `raw` is the row as the source has it, if it has a text.
    pub(super) fn reject(
        &mut self,
        operation: &str,
        row: BadRow,
        raw: Option<&[u8]>,
    ) -> Result<()> {
        if self.count == self.limit {
            let reason = format!(
                "one row more is bad than the {} that may be rejected: {row}",
                self.limit
            );
            return Err(Error::bulk(
                operation,
                reason,
                Some(Error::row(row, None).into()),
            ));
        }
        self.count += 1;
        let line = line(&row, raw);
        self.written(operation, |writer| writer.write_all(line.as_bytes()))
    }

    pub(super) fn flush(&mut self, operation: &str) -> Result<()> {
        self.written(operation, |writer| writer.flush())
    }

    fn written(
        &mut self,
        operation: &str,
        write: impl FnOnce(&mut (dyn Write + Send)) -> std::io::Result<()>,
    ) -> Result<()> {
        write(self.writer.as_mut()).map_err(|error| {
            let reason = format!("a rejected row could not be written: {error}");
            Error::bulk(operation, reason, Some(error.into()))
        })
    }
}

fn line(row: &BadRow, raw: Option<&[u8]>) -> String {
    let mut line = String::from("{");
    let mut put = |name: &str, value: Option<String>| {
        if line.len() > 1 {
            line.push(',');
        }
        line.push_str(&json(name));
        line.push(':');
        line.push_str(value.as_deref().unwrap_or("null"));
    };
    let text = |text: &Option<String>| text.as_deref().map(json);
    put("source", Some(json(&row.source)));
    put("line", row.line.map(|line| line.to_string()));
    put("record", row.record.map(|record| record.to_string()));
    put("column", text(&row.column));
    put("value", text(&row.value));
    put("code", row.code.as_ref().map(|code| json(code.code())));
    put("constraint", text(&row.constraint));
    put("reason", Some(json(&row.reason)));
    put(
        "row",
        raw.map(|raw| json(&String::from_utf8_lossy(without_end(raw)))),
    );
    line.push_str("}\n");
    line
}

fn without_end(raw: &[u8]) -> &[u8] {
    let raw = raw.strip_suffix(b"\n").unwrap_or(raw);
    raw.strip_suffix(b"\r").unwrap_or(raw)
}

/// Writes a string of JSON (RFC 8259, 7).
fn json(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for c in text.chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            c if c < ' ' => {
                let code = format!("\\u{:04x}", u32::from(c));
                json.push_str(&code);
            }
            c => json.push(c),
        }
    }
    json.push('"');
    json
}

impl fmt::Debug for Rejects<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejects")
            .field("limit", &self.limit)
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejected_row_is_a_line_of_json() {
        let mut row = BadRow::new("a.csv", "no \"int\"").with_value(b"x\ty");
        row.line = Some(7);
        let written = line(&row, Some(b"1,x\ty\\,\"\x01\xff\"\r\n"));
        let read: serde_json::Value = serde_json::from_str(&written).unwrap();
        assert_eq!(
            read,
            serde_json::json!({
                "source": "a.csv", "line": 7, "record": null, "column": null, "value": "x\ty", "code": null,
                "constraint": null, "reason": "no \"int\"", "row": "1,x\ty\\,\"\u{1}\u{fffd}\"",
            })
        );
        assert!(written.ends_with("}\n"));
    }
}
