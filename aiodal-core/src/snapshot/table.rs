//! How a snapshot is laid out.

use super::Column;

/// Lays rows out, without blanks at the ends of lines: editors take those away.
pub(super) fn layout(columns: &[Column], rows: &[Vec<Option<String>>]) -> String {
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let cells = columns.iter().zip(row);
            cells
                .map(|(column, value)| cell(column, value.as_deref()))
                .collect()
        })
        .collect();
    let widths: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let cells = cells.iter().map(|row| width(&row[at]));
            cells.chain([width(&column.name)]).max().unwrap_or(0)
        })
        .collect();
    let mut lines = Vec::with_capacity(rows.len() + 3);
    let names = columns.iter().map(|column| column.name.as_str());
    lines.push(line(names, &widths, |_| false));
    let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    lines.push(rules.join("-+-"));
    for row in &cells {
        let cells = row.iter().map(String::as_str);
        lines.push(line(cells, &widths, |at| {
            columns[at].is_number && !columns[at].redacted
        }));
    }
    lines.push(match rows.len() {
        1 => "(1 row)".to_owned(),
        count => format!("({count} rows)"),
    });
    lines.join("\n")
}

fn line<'a>(
    cells: impl Iterator<Item = &'a str>,
    widths: &[usize],
    right: impl Fn(usize) -> bool,
) -> String {
    let padded: Vec<String> = cells
        .enumerate()
        .map(|(at, cell)| {
            let blanks = " ".repeat(widths[at] - width(cell));
            if right(at) {
                blanks + cell
            } else {
                cell.to_owned() + &blanks
            }
        })
        .collect();
    padded.join(" | ").trim_end().to_owned()
}

fn cell(column: &Column, value: Option<&str>) -> String {
    let Some(text) = value else {
        return "null".to_owned();
    };
    if column.redacted {
        return format!("[{}]", column.name);
    }
    let ambiguous = text.is_empty()
        || text == "null"
        || text.trim() != text
        || text.starts_with('"')
        || text.contains(char::is_control);
    if ambiguous {
        format!("{text:?}")
    } else {
        text.to_owned()
    }
}

/// In characters: what is wider or narrower than one shifts its line, and no more.
fn width(text: &str) -> usize {
    text.chars().count()
}

/// Takes blank lines around a text away, and the indentation that its lines have. The first may stand right behind the
/// quote of a literal, where it has none.
pub(super) fn dedent(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let indents = lines.iter().skip(1).filter(|line| !line.is_empty());
    let indent = indents
        .map(|line| line.len() - line.trim_start().len())
        .min()
        .unwrap_or(0);
    let lines: Vec<&str> = lines
        .iter()
        .enumerate()
        .map(|(at, line)| match at {
            0 => line.trim_start(),
            _ => line.get(indent..).unwrap_or_default(),
        })
        .collect();
    let start = lines.iter().position(|line| !line.is_empty()).unwrap_or(0);
    let end = lines
        .iter()
        .rposition(|line| !line.is_empty())
        .map_or(start, |last| last + 1);
    lines[start..end].join("\n")
}

#[cfg(test)]
mod tests {
    use super::super::Snapshot;
    use super::*;

    fn snapshot() -> Snapshot {
        let column = |name: &str, is_number| Column {
            name: name.to_owned(),
            is_number,
            redacted: false,
        };
        let row = |id: &str, name: Option<&str>| vec![Some(id.to_owned()), name.map(str::to_owned)];
        Snapshot {
            columns: vec![column("id", true), column("name", false)],
            rows: vec![row("10", Some("Hép")), row("9", None), row("8", Some(""))],
        }
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_value_and_numbers_are_on_the_right() {
        let expected = "
            id | name
            ---+-----
            10 | Hép
             9 | null
             8 | \"\"
            (3 rows)
        ";
        assert_eq!(snapshot(), expected);
        assert_ne!(snapshot(), "id | name");
        assert_eq!(snapshot().to_string(), format!("{:?}", snapshot()));
    }

    #[test]
    fn text_that_looks_like_something_else_is_quoted() {
        let shown = |text: &str| {
            let mut snapshot = snapshot();
            snapshot.rows[0][1] = Some(text.to_owned());
            snapshot.to_string().lines().nth(2).unwrap().to_owned()
        };
        assert_eq!(shown("null"), "10 | \"null\"");
        assert_eq!(shown("a\nb"), "10 | \"a\\nb\"");
        assert_eq!(shown(" a"), "10 | \" a\"");
        assert_eq!(shown("\""), "10 | \"\\\"\"");
        assert_eq!(shown("it's"), "10 | it's");
    }

    #[test]
    fn redacted_values_are_named_and_nulls_stay() {
        let redacted = snapshot().redact("name").redact("id").sorted();
        assert_eq!(
            redacted,
            "id   | name
             -----+-------
             [id] | [name]
             [id] | [name]
             [id] | null
             (3 rows)"
        );
    }

    #[test]
    #[should_panic = "no column `nmae`, only: id, name"]
    fn unknown_column_is_not_redacted() {
        let _redacted = snapshot().redact("nmae");
    }

    #[test]
    fn rows_sort_by_their_text() {
        let sorted = snapshot().sorted().to_string();
        let ids: Vec<_> = sorted
            .lines()
            .skip(2)
            .take(3)
            .map(|line| &line[..2])
            .collect();
        assert_eq!(ids, ["10", " 8", " 9"]);
    }
}
