//! Splits SQL text into statements, by the rules psql goes by.
//!
//! What may hide a semicolon, [`Tokens`] and [`Nesting`] know. A line that begins with a backslash where a statement
//! could begin is psql's, and what follows `COPY .. FROM STDIN;` is data. It understands nothing else of SQL.

use crate::tokens::{Nesting, Tokens};

/// A statement, or one of psql's own commands, and where it begins.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Statement<'a> {
    /// It begins with a backslash if it is psql's.
    pub(crate) text: &'a str,
    /// The line of its first character, from 1.
    pub(crate) line: usize,
    /// What comes after `COPY .. FROM STDIN;`.
    pub(crate) data: Option<Data<'a>>,
}

/// The lines that COPY reads from the script itself, without the `\.` that ends them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Data<'a> {
    pub(crate) text: &'a str,
    /// The line of its first character, from 1.
    pub(crate) line: usize,
}

/// Returns the statements of `sql`, without the comments and blanks before each, and without those that are empty.
pub(crate) fn split(sql: &str) -> Vec<Statement<'_>> {
    // A script is written for a server that conforms to the standard, as every one does by default.
    let mut tokens = Tokens::new(sql, true);
    let mut statements = Vec::new();
    let (mut line, mut counted) = (1, 0);
    while let Some(start) = tokens.next_start() {
        line += sql[counted..start].matches('\n').count();
        counted = start;
        let (text, behind, data) = if sql[start..].starts_with('\\') {
            let behind = behind_line(sql, start);
            (sql[start..behind].trim_end(), behind, None)
        } else if sql[start..].starts_with("/*") {
            // psql passes over a comment that nothing closes.
            break;
        } else {
            let (end, behind, reads_data) = statement(sql, tokens.clone());
            let data = reads_data.then(|| data(sql, behind));
            let text = sql[start..end].trim_end();
            (text, data.as_ref().map_or(behind, |data| data.1), data)
        };
        if !text.is_empty() {
            let data = data.map(|(from, _, text)| {
                let line = line + sql[start..from].matches('\n').count();
                Data { text, line }
            });
            statements.push(Statement { text, line, data });
        }
        tokens = tokens.from(behind);
    }
    statements
}

/// Where the statement ends, where the next may begin, and whether data follows.
fn statement(sql: &str, mut tokens: Tokens<'_>) -> (usize, usize, bool) {
    let mut nesting = Nesting::default();
    let (mut is_copy, mut reads_data) = (None, false);
    let mut previous = "";
    while let Some(token) = tokens.next() {
        let text = tokens.text(token);
        if nesting.ends_at(token, text) {
            return (token.start, token.end, reads_data);
        }
        let is_copy = *is_copy.get_or_insert(text.eq_ignore_ascii_case("copy"));
        reads_data |=
            is_copy && text.eq_ignore_ascii_case("stdin") && previous.eq_ignore_ascii_case("from");
        previous = text;
    }
    (sql.len(), sql.len(), reads_data)
}

/// The data of a COPY that ends at `at`: where it begins, on the next line, what follows it, and the data.
fn data(sql: &str, at: usize) -> (usize, usize, &str) {
    let from = behind_line(sql, at);
    let mut line = from;
    while line < sql.len() {
        let next = behind_line(sql, line);
        if sql[line..next].trim_end() == "\\." {
            return (from, next, &sql[from..line]);
        }
        line = next;
    }
    (from, sql.len(), &sql[from..])
}

fn behind_line(sql: &str, at: usize) -> usize {
    sql[at..]
        .find('\n')
        .map_or(sql.len(), |length| at + length + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(sql: &str) -> Vec<&str> {
        split(sql)
            .into_iter()
            .map(|statement| statement.text)
            .collect()
    }

    #[test]
    fn semicolons_in_quotes_and_comments_do_not_split() {
        let sql = r#"select ';', E'\';', "a;b", 'it''s;' -- ; no
            /* ; /* nested ; */ ; */; select 2;"#;
        assert_eq!(texts(sql).len(), 2);
        assert_eq!(texts(sql)[1], "select 2");
    }

    #[test]
    fn dollar_quotes_nest_by_tag() {
        let sql = "do $body$ begin perform $$;$$; end $body$; select a$b$c; select $1; select 1";
        assert_eq!(
            texts(sql),
            [
                "do $body$ begin perform $$;$$; end $body$",
                "select a$b$c",
                "select $1",
                "select 1"
            ]
        );
    }

    #[test]
    fn atomic_bodies_and_rules_stay_whole() {
        let sql = "create function f() returns int language sql begin atomic select case when true then 1 end; select 2; end;\
                   create rule r as on insert to t do also (select 1; select 2); begin; end";
        let texts = texts(sql);
        assert_eq!(texts.len(), 4, "{texts:#?}");
        assert!(texts[0].ends_with("select 2; end"));
        assert!(texts[1].ends_with("select 2)"));
    }

    #[test]
    fn lines_count_from_the_first_word() {
        let statements =
            split("-- head\n\ncreate table a (\n  b int\n);\n/* two\nlines */ select 1;\n;;\n");
        let lines: Vec<_> = statements.iter().map(|statement| statement.line).collect();
        assert_eq!(lines, [3, 7]);
    }

    #[test]
    fn data_of_copy_is_no_statement() {
        let sql = "select 1;\nCOPY public.t (a, b)\n  FROM stdin WITH (null 'x;');\n1\tit's;\n\\N\t\\.\n\\.\n\nselect 2;\n";
        let statements = split(sql);
        assert_eq!(statements.len(), 3, "{statements:#?}");
        let data = statements[1].data.as_ref().unwrap();
        assert_eq!(data.text, "1\tit's;\n\\N\t\\.\n");
        assert_eq!(
            (statements[1].line, data.line, statements[2].line),
            (2, 4, 8)
        );
    }

    #[test]
    fn copy_without_rows_and_copy_from_elsewhere() {
        let sql = "copy t from stdin;\n\\.\ncopy t from '/f'; copy (select 'from stdin') to stdout; select 1";
        let statements = split(sql);
        assert_eq!(statements.len(), 4, "{statements:#?}");
        assert_eq!(statements[0].data.as_ref().unwrap().text, "");
        assert!(
            statements[1..]
                .iter()
                .all(|statement| statement.data.is_none())
        );
    }

    #[test]
    fn backslash_lines_are_statements_of_their_own() {
        let sql = "\\restrict a'b;c\nselect 1;\n  \\echo it''s\r\nselect E'\\\\';";
        assert_eq!(
            texts(sql),
            [
                "\\restrict a'b;c",
                "select 1",
                "\\echo it''s",
                "select E'\\\\'"
            ]
        );
    }

    #[test]
    fn unterminated_text_is_one_statement() {
        for sql in [
            "select 'a; b",
            "select $$ a; b",
            "select \"a; b",
            "select 1 /* a; b",
            "select (1; 2",
        ] {
            assert_eq!(texts(sql).len(), 1, "{sql}");
        }
    }
}
