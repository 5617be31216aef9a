//! Where in its data the server has found fault with a COPY: it says so in the context of its error, in words.

/// What the context says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Spot {
    /// The line, or the tuple, from 1, in what was sent in this COPY.
    pub(super) line: u64,
    pub(super) column: Option<String>,
    pub(super) value: Option<String>,
}

/// Reads `COPY t, line 2, column a: "x"`, `COPY t, line 2: "…"` or `COPY t, line 2`.
///
/// The words may be those of another language. Contexts of inner functions come before it, and a value may have lines of
/// its own behind it: the first line that is of this kind is it.
pub(super) fn spot(context: &str, table: &str, columns: &[String]) -> Option<Spot> {
    let mut from = 0;
    loop {
        if let Some(spot) = at(&context[from..], table, columns) {
            return Some(spot);
        }
        from += context[from..].find('\n')? + 1;
    }
}

fn at(text: &str, table: &str, columns: &[String]) -> Option<Spot> {
    let behind = match text
        .strip_prefix("COPY ")
        .and_then(|rest| rest.strip_prefix(table))
    {
        Some(behind) => behind,
        None => {
            let end = text.find(['\n', '"']).unwrap_or(text.len());
            let said = &text[..end];
            let named = said.find(table)?;
            if !said.contains("COPY") {
                return None;
            }
            &text[named + table.len()..]
        }
    };
    let digits = behind.find(|c: char| c.is_ascii_digit())?;
    // Words such as `, line `; a table whose name only begins alike goes on at once.
    let words = &behind[..digits];
    if words.contains(['\n', '"', ':'])
        || words.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
    {
        return None;
    }
    let behind = &behind[digits..];
    let end = behind.find(|c: char| !c.is_ascii_digit());
    let (line, rest) = behind.split_at(end.unwrap_or(behind.len()));
    let line = line.parse().ok()?;
    let (column, value) = column(rest, columns);
    Some(Spot {
        line,
        column,
        value,
    })
}

/// Reads `, column a: "x"`; `null input` is no value in quotes.
fn column(rest: &str, columns: &[String]) -> (Option<String>, Option<String>) {
    // What has no column goes on with the whole line.
    if rest.starts_with(':') {
        return (None, None);
    }
    let found = columns
        .iter()
        .filter_map(|name| {
            let start = rest.find(&format!(" {name}"))?;
            let behind = &rest[start + 1 + name.len()..];
            let ends = behind.is_empty() || behind.starts_with(':') || behind.starts_with('\n');
            ends.then_some((start, std::cmp::Reverse(name.len()), name, behind))
        })
        .min();
    let Some((_, _, name, behind)) = found else {
        return (None, None);
    };
    let value = behind.strip_prefix(": \"").and_then(|value| {
        let end = value.rfind('"')?;
        Some(value[..end].to_owned())
    });
    (Some(name.clone()), value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(context: &str) -> Option<Found> {
        let columns = ["a".to_owned(), "a b".to_owned(), "note".to_owned()];
        let found = spot(context, "t", &columns)?;
        Some((found.line, found.column, found.value))
    }

    type Found = (u64, Option<String>, Option<String>);

    fn found(line: u64, column: &str, value: &str) -> Found {
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        (line, text(column), text(value))
    }

    #[test]
    fn line_column_and_value_are_read() {
        assert_eq!(
            read(r#"COPY t, line 2, column a: "x""#),
            Some(found(2, "a", "x"))
        );
        assert_eq!(
            read(r#"COPY t, line 2, column a b: "x""#),
            Some(found(2, "a b", "x"))
        );
        assert_eq!(
            read("COPY t, line 3, column a: null input"),
            Some(found(3, "a", ""))
        );
        assert_eq!(
            read("COPY t, line 14, column note"),
            Some(found(14, "note", ""))
        );
        assert_eq!(read("COPY t, line 4"), Some(found(4, "", "")));
        assert_eq!(
            read(r#"COPY t, line 4: "1,2, column a: 3""#),
            Some(found(4, "", ""))
        );
        assert_eq!(read("COPY t"), None);
        assert_eq!(read("COPY table, line 4"), None);
    }

    #[test]
    fn inner_contexts_come_first() {
        let context = "JSON data, line 1: {\"a\" ...\nCOPY t, line 7, column a: \"{\"a\"\"";
        assert_eq!(read(context), Some(found(7, "a", "{\"a\"")));
        let context = "PL/pgSQL function f() line 3 at RAISE\nCOPY t, line 9: \"1\"";
        assert_eq!(read(context), Some(found(9, "", "")));
    }

    #[test]
    fn value_with_lines_of_its_own_misleads_nobody() {
        let context = "COPY t, line 2, column a: \"x\nCOPY t, line 99, column note: \"y\"\"";
        let value = "x\nCOPY t, line 99, column note: \"y\"";
        assert_eq!(read(context), Some(found(2, "a", value)));
    }

    #[test]
    fn other_languages_are_understood() {
        assert_eq!(
            read("COPY t, Zeile 2, Spalte a: »x«").map(|found| found.0),
            Some(2)
        );
        assert_eq!(
            read("COPY t, Zeile 2, Spalte a: »x«").and_then(|found| found.1),
            Some("a".to_owned())
        );
        assert_eq!(
            read("tのCOPY、行 12、列 a: \"x\"").map(|found| found.0),
            Some(12)
        );
    }
}
