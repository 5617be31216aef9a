//! What of a file goes up, where one file says both ways; and whether it runs in a transaction.

use std::borrow::Cow;

/// dbmate's and goose's marks, at the beginning of a line, and whether what follows goes up.
const MARKS: [(&str, bool); 4] = [
    ("-- migrate:up", true),
    ("-- migrate:down", false),
    ("-- +goose up", true),
    ("-- +goose down", false),
];

/// Returns the text with all that goes down left blank, so that lines keep their numbers.
pub(super) fn up(sql: &str) -> Cow<'_, str> {
    let mark = |line: &str| {
        let line = line.to_ascii_lowercase();
        let found = MARKS.iter().find(|(mark, _)| line.starts_with(mark));
        found.map(|(_, up)| *up)
    };
    if !sql.lines().any(|line| mark(line) == Some(false)) {
        return Cow::Borrowed(sql);
    }
    let mut goes_up = true;
    let mut kept = String::with_capacity(sql.len());
    for line in sql.split_inclusive('\n') {
        goes_up = mark(line).unwrap_or(goes_up);
        kept.push_str(if goes_up { line } else { "\n" });
    }
    Cow::Owned(kept)
}

/// Says whether a file asks for no transaction, in the words of whichever tool.
pub(super) fn refuses_transaction(sql: &str) -> bool {
    // sqlx looks at the very beginning, and nowhere else.
    sql.starts_with("-- no-transaction")
        || sql.lines().any(|line| {
            let line = line.to_ascii_lowercase();
            line.starts_with("-- +goose no transaction")
                || line.starts_with("-- migrate:up") && line.contains("transaction:false")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_down_is_blank_and_lines_keep_their_numbers() {
        for (up_mark, down_mark) in [
            ("-- migrate:up", "-- migrate:down"),
            ("-- +goose Up", "-- +goose Down"),
        ] {
            let sql = format!(
                "{up_mark}\ncreate table a ();\n{down_mark}\ndrop table a;\n{up_mark}\nselect 1;\n"
            );
            let kept = up(&sql);
            let lines: Vec<_> = kept.lines().collect();
            assert_eq!(
                lines,
                [up_mark, "create table a ();", "", "", up_mark, "select 1;"]
            );
        }
    }

    #[test]
    fn text_without_marks_is_left_alone() {
        let sql = "select '-- migrate:down';\n";
        assert!(matches!(up(sql), Cow::Borrowed(same) if same == sql));
    }

    #[test]
    fn each_tool_has_a_word_against_transactions() {
        for sql in [
            "-- no-transaction\ncreate index",
            "-- migrate:up transaction:false\n",
            "-- +goose NO TRANSACTION\n-- +goose Up\n",
        ] {
            assert!(refuses_transaction(sql), "{sql}");
        }
        assert!(!refuses_transaction(
            "select 1;\n-- no-transaction\n-- migrate:up\n"
        ));
    }
}
