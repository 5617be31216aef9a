//! A row as CSV, of the text of its values.

/// Writes values as the server's own `COPY .. (FORMAT csv)` reads them; `None` is null.
pub(super) fn csv<'v>(values: impl IntoIterator<Item = Option<&'v str>>) -> String {
    let mut row = String::new();
    for (index, value) in values.into_iter().enumerate() {
        if index > 0 {
            row.push(',');
        }
        let Some(value) = value else { continue };
        let plain = !value.is_empty() && !value.contains([',', '"', '\n', '\r']) && value != "\\.";
        if plain {
            row.push_str(value);
        } else {
            row.push('"');
            row.push_str(&value.replace('"', "\"\""));
            row.push('"');
        }
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_misread_is_quoted() {
        let values = [
            Some("a"),
            None,
            Some(""),
            Some("b,c"),
            Some("d\"\n"),
            Some("\\."),
        ];
        assert_eq!(csv(values), "a,,\"\",\"b,c\",\"d\"\"\n\",\"\\.\"");
    }
}
