//! Where in a statement the server found fault.

use std::fmt::Write as _;

use tokio_postgres::error::{DbError, ErrorPosition};

/// How much of a line is shown to either side of the place.
const SIDE: usize = 60;

/// The line of a statement that an error is about, and the place in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Position {
    line: usize,
    column: usize,
    /// The line, or as much of it as is shown.
    text: String,
    /// Where in `text`.
    caret: usize,
}

impl Position {
    /// Finds the place that the server's error names, in the statement or in the one that a function has run.
    pub(super) fn of(sql: &str, error: &DbError) -> Option<Position> {
        match error.position()? {
            ErrorPosition::Original(position) => Position::find(sql, *position),
            ErrorPosition::Internal { position, query } => Position::find(query, *position),
        }
    }

    /// The server counts characters, from one (PostgreSQL manual, 55.8, "Position").
    fn find(sql: &str, position: u32) -> Option<Position> {
        let index = usize::try_from(position).ok()?.checked_sub(1)?;
        let before: Vec<char> = sql.chars().take(index).collect();
        if before.len() < index {
            return None;
        }
        let start = before
            .iter()
            .rposition(|c| *c == '\n')
            .map_or(0, |at| at + 1);
        let column = index - start;
        let line: Vec<char> = sql
            .chars()
            .skip(start)
            .take_while(|c| *c != '\n' && *c != '\r')
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(column + SIDE + 1)
            .collect();
        let cut = column.saturating_sub(SIDE);
        let mut text: String = line.iter().skip(cut).take(2 * SIDE).collect();
        let mut caret = column - cut;
        if cut > 0 {
            text.insert(0, '…');
            caret += 1;
        }
        if line.len() > column + SIDE {
            text.push('…');
        }
        Some(Position {
            line: before.iter().filter(|c| **c == '\n').count() + 1,
            column: column + 1,
            text,
            caret,
        })
    }

    pub(super) fn print(&self, out: &mut String) {
        let Position {
            line, column, text, ..
        } = self;
        let below = " ".repeat(self.caret);
        let _infallible = write!(
            out,
            "\n    at line {line}, column {column}:\n    | {text}\n    | {below}^"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(sql: &str, position: u32) -> String {
        let mut out = String::new();
        Position::find(sql, position).unwrap().print(&mut out);
        out
    }

    #[test]
    fn caret_is_under_the_place() {
        assert_eq!(
            shown("select *\n\tform t", 11),
            "\n    at line 2, column 2:\n    |  form t\n    |  ^"
        );
        assert_eq!(
            shown("é = 1", 3),
            "\n    at line 1, column 3:\n    | é = 1\n    |   ^"
        );
    }

    #[test]
    fn end_of_the_statement_is_a_place_and_what_is_behind_it_is_not() {
        assert!(shown("select", 7).ends_with("| select\n    |       ^"));
        assert_eq!(Position::find("select", 8), None);
        assert_eq!(Position::find("select", 0), None);
    }

    #[test]
    fn long_line_is_cut_around_the_place() {
        let sql = format!("{}here{}", "a".repeat(1000), "b".repeat(1000));
        let shown = shown(&sql, 1001);
        let lines: Vec<&str> = shown.lines().skip(2).collect();
        assert!(
            lines[0].starts_with("    | …aaa") && lines[0].ends_with("bbb…"),
            "{shown}"
        );
        let caret = lines[1].chars().position(|c| c == '^').unwrap();
        assert_eq!(lines[0].chars().nth(caret), Some('h'), "{shown}");
    }
}
