//! Splits SQL text into statements, by the rules psql goes by.
//!
//! It knows what may hide a semicolon: quotes, dollar quotes, comments (they nest), parentheses (rules) and
//! `BEGIN ATOMIC` bodies. A line that begins with a backslash where a statement could begin is psql's, and what
//! follows `COPY .. FROM STDIN;` is data. It understands nothing else of SQL.

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
    let mut scanner = Scanner { sql, at: 0 };
    let mut statements = Vec::new();
    let (mut line, mut counted) = (1, 0);
    while let Some(start) = scanner.next_start() {
        line += sql[counted..start].matches('\n').count();
        counted = start;
        let (end, reads_data) = scanner.skip_statement();
        let data = reads_data.then(|| {
            let (from, text) = scanner.skip_data();
            let line = line + sql[start..from].matches('\n').count();
            Data { text, line }
        });
        let text = sql[start..end].trim_end();
        if !text.is_empty() {
            statements.push(Statement { text, line, data });
        }
    }
    statements
}

struct Scanner<'a> {
    sql: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        &self.sql[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) {
        self.at += self.peek().map_or(0, char::len_utf8);
    }

    /// Moves past `text` to behind the next occurrence of `end`, or to the end of the input.
    fn skip_past(&mut self, text: usize, end: &str) {
        let from = self.at + text;
        self.at = self.sql[from..]
            .find(end)
            .map_or(self.sql.len(), |found| from + found + end.len());
    }

    /// Moves to the first character of the next statement.
    fn next_start(&mut self) -> Option<usize> {
        loop {
            if !self.skip_comment() {
                match self.peek()? {
                    c if c.is_whitespace() || c == ';' => self.bump(),
                    _ => return Some(self.at),
                }
            }
        }
    }

    fn skip_comment(&mut self) -> bool {
        if self.rest().starts_with("--") {
            self.skip_past(2, "\n");
            return true;
        }
        if !self.rest().starts_with("/*") {
            return false;
        }
        let mut depth = 0;
        while !self.rest().is_empty() {
            if self.rest().starts_with("/*") {
                depth += 1;
                self.at += 2;
            } else if self.rest().starts_with("*/") {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    break;
                }
            } else {
                self.bump();
            }
        }
        true
    }

    /// Moves behind the statement and its semicolon; returns where the semicolon is, and whether data follows.
    fn skip_statement(&mut self) -> (usize, bool) {
        if self.rest().starts_with('\\') {
            let start = self.at;
            self.skip_past(0, "\n");
            return (start + self.sql[start..self.at].trim_end().len(), false);
        }
        let is_copy = self
            .rest()
            .get(..4)
            .is_some_and(|word| word.eq_ignore_ascii_case("copy"));
        let mut reads_data = false;
        let mut parentheses = 0_usize;
        // `BEGIN ATOMIC` opens a body; `CASE` within it shares its `END`.
        let mut bodies = 0_usize;
        let mut previous = "";
        while let Some(c) = self.peek() {
            if self.skip_comment() {
                continue;
            }
            match c {
                ';' if parentheses == 0 && bodies == 0 => {
                    let end = self.at;
                    self.at += 1;
                    return (end, reads_data);
                }
                '\'' => self.skip_string(false),
                '"' => self.skip_past(1, "\""),
                '$' => self.skip_dollar(),
                '(' => {
                    parentheses += 1;
                    self.at += 1;
                }
                ')' => {
                    parentheses = parentheses.saturating_sub(1);
                    self.at += 1;
                }
                c if c.is_alphanumeric() || c == '_' => {
                    let word = self.word();
                    let is = |keyword: &str| word.eq_ignore_ascii_case(keyword);
                    if is("e") && self.peek() == Some('\'') {
                        self.skip_string(true);
                    } else if (is("atomic") && previous.eq_ignore_ascii_case("begin"))
                        || (is("case") && bodies > 0)
                    {
                        bodies += 1;
                    } else if is("end") {
                        bodies = bodies.saturating_sub(1);
                    }
                    reads_data |= is_copy && is("stdin") && previous.eq_ignore_ascii_case("from");
                    previous = word;
                    continue;
                }
                _ => self.bump(),
            }
            if !c.is_whitespace() {
                previous = "";
            }
        }
        (self.at, reads_data)
    }

    /// Moves behind the data of a COPY, which begins on the next line; returns where it begins, and the data.
    fn skip_data(&mut self) -> (usize, &'a str) {
        self.skip_past(0, "\n");
        let from = self.at;
        while !self.rest().is_empty() {
            let line = self.at;
            self.skip_past(0, "\n");
            if self.sql[line..self.at].trim_end() == "\\." {
                return (from, &self.sql[from..line]);
            }
        }
        (from, &self.sql[from..])
    }

    /// A name or number; a `$` within it opens no dollar quote.
    fn word(&mut self) -> &'a str {
        let start = self.at;
        while self
            .peek()
            .is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$')
        {
            self.bump();
        }
        &self.sql[start..self.at]
    }

    /// A doubled quote ends one string and opens the next, which comes to the same.
    fn skip_string(&mut self, backslashes: bool) {
        self.at += 1;
        while let Some(c) = self.peek() {
            self.bump();
            match c {
                '\'' => return,
                '\\' if backslashes => self.bump(),
                _ => {}
            }
        }
    }

    fn skip_dollar(&mut self) {
        let tag = &self.rest()[1..];
        let length = tag
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(tag.len());
        let is_parameter = tag.starts_with(|c: char| c.is_ascii_digit());
        if tag[length..].starts_with('$') && !is_parameter {
            let quote = &self.rest()[..length + 2];
            self.skip_past(quote.len(), quote);
        } else {
            self.at += 1;
        }
    }
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
