//! A statement in one line, as `echo` logs it.

use super::{End, Entry, LONGEST_STATEMENT, in_a_line};

pub(super) fn line(entry: &Entry) -> String {
    let millis = entry
        .end
        .took()
        .map_or(0.0, |took| took.as_secs_f64() * 1e3);
    let ended = match &entry.end {
        End::None | End::Queued => "sent".to_owned(),
        End::Rows(_, Some(1)) => "1 row".to_owned(),
        End::Rows(_, Some(rows)) => format!("{rows} rows"),
        End::Rows(_, None) => "done".to_owned(),
        End::Failed(_, failure) => match &failure.code {
            Some(code) => format!("error {code}"),
            None => "error".to_owned(),
        },
    };
    format!(
        "[sql {millis:>8.3} ms  {ended}] {}",
        entry.statement(LONGEST_STATEMENT)
    )
}

impl Entry {
    /// Returns the statement in one line, masked and cut, with its parameters behind it as a comment.
    pub(crate) fn statement(&self, longest: usize) -> String {
        let sql = in_a_line(&self.sql, longest);
        if self.params.is_empty() {
            return sql;
        }
        let params = if super::hides(&self.sql) {
            "parameters hidden"
        } else {
            &self.params
        };
        format!("{sql}  -- {params}")
    }
}
