//! What is said of a statement of a file that the server refused: the file, the line, and the lines around it.

use std::error::Error as StdError;
use std::path::Path;

use aiodal_core::{DbError, chain};
use tokio_postgres::error::ErrorPosition;

use super::split::Statement;
use crate::set_up::SetUpError;

/// How many lines are shown on either side.
const AROUND: usize = 3;

impl Statement<'_> {
    /// The failure of this statement; `what` is the kind of file, and `db` the server's own words within `error`.
    pub(crate) fn refused(
        &self,
        what: &str,
        path: &Path,
        error: &(dyn StdError + 'static),
        db: Option<&DbError>,
    ) -> SetUpError {
        let (line, excerpt) = self.locate(db);
        let cause = db.map_or_else(|| chain(error), |db| chain(db));
        SetUpError::new(
            format!("{what} {}:{line} failed", path.display()),
            format!("{excerpt}\n{cause}"),
        )
    }

    /// Returns the line that an error is about, and the lines around it.
    fn locate(&self, db: Option<&DbError>) -> (usize, String) {
        let context = db.and_then(DbError::where_);
        if let (Some(data), Some(at)) = (&self.data, context.and_then(line_of_copy)) {
            return (data.line + at, excerpt(data.text, at));
        }
        let position = match db.and_then(DbError::position) {
            // Counted in characters, from 1.
            Some(ErrorPosition::Original(position)) => *position as usize - 1,
            _ => 0,
        };
        let before: String = self.text.chars().take(position).collect();
        let at = before.matches('\n').count();
        (self.line + at, excerpt(self.text, at))
    }
}

/// Reads `COPY author, line 3, column born: "x"`; returns how many lines are before it.
fn line_of_copy(context: &str) -> Option<usize> {
    let rest = context.split_once(", line ")?.1;
    let digits = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    rest[..digits].parse::<usize>().ok()?.checked_sub(1)
}

/// Shows the lines of a statement around the one at fault.
fn excerpt(text: &str, at: usize) -> String {
    let first = at.saturating_sub(AROUND);
    let lines = text.lines().enumerate().skip(first).take(2 * AROUND + 1);
    lines
        .map(|(index, line)| format!("{} {line}", if index == at { ">" } else { "|" }))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_of_copy_is_read_from_its_context() {
        assert_eq!(
            line_of_copy("COPY author, line 3, column born: \"x\""),
            Some(2)
        );
        assert_eq!(line_of_copy("COPY author, line 12"), Some(11));
        assert_eq!(line_of_copy("PL/pgSQL function f() line 3"), None);
    }

    #[test]
    fn excerpt_marks_the_line_at_fault() {
        let text = "1\n2\n3\n4\n5\n6\n7\n8\n9";
        assert_eq!(excerpt(text, 4), "| 2\n| 3\n| 4\n> 5\n| 6\n| 7\n| 8");
        assert_eq!(excerpt("1\n2", 0), "> 1\n| 2");
    }
}
