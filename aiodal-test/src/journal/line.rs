//! A statement as messages show it.

use super::mask;

/// How much of a statement is shown where it is not the matter itself, in characters.
pub(crate) const LONGEST_STATEMENT: usize = 400;

/// Returns a statement in one line, masked, and cut behind so many characters.
pub(crate) fn in_a_line(sql: &str, longest: usize) -> String {
    // Masked first: in one line, a comment with a quote in it would hide all that follows.
    let masked = mask(sql);
    let words: Vec<&str> = masked.split_whitespace().collect();
    let mut line = words.join(" ");
    if let Some((end, _)) = line.char_indices().nth(longest) {
        line.truncate(end);
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statement_is_in_one_line_and_cut_at_characters() {
        assert_eq!(in_a_line("  select\n\t1 ", LONGEST_STATEMENT), "select 1");
        assert_eq!(in_a_line("größer\n als", 8), "größer a…");
        assert_eq!(in_a_line("größer\n als", 10), "größer als");
    }

    #[test]
    fn secret_is_left_out_before_it_is_cut() {
        let sql = "alter role hep\npassword 'hunter2'";
        assert_eq!(
            in_a_line(sql, LONGEST_STATEMENT),
            "alter role hep password '…'"
        );
        assert!(!in_a_line(sql, 30).contains("hunter"));
    }
}
