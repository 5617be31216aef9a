//! A command line, split into words without a shell.

/// What a shell would act on, outside of quotes.
const SHELLS: &str = "|&;<>()$`*?[]\n";

/// What a shell would act on at the beginning of a word.
const FIRST: &str = "~#";

/// What a shell would act on, in double quotes.
const IN_QUOTES: &str = "$`";

/// Splits at blanks; quotes and backslashes keep blanks as a POSIX shell has it.
///
/// # Errors
///
/// What a shell would do more about, and quotes that don't end.
pub(super) fn words(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match c {
            c if c.is_whitespace() && c != '\n' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match rest.next().ok_or("the quote `'` does not end")? {
                        '\'' => break,
                        c => word.push(c),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match rest.next().ok_or("the quote `\"` does not end")? {
                        '"' => break,
                        '\\' => {
                            let c = rest.next().ok_or("the quote `\"` does not end")?;
                            if !matches!(c, '"' | '\\' | '$' | '`') {
                                word.push('\\');
                            }
                            word.push(c);
                        }
                        c if IN_QUOTES.contains(c) => return Err(for_a_shell(c)),
                        c => word.push(c),
                    }
                }
            }
            '\\' => {
                let c = rest.next().ok_or("the `\\` at its end escapes nothing")?;
                word.get_or_insert_default().push(c);
            }
            c if SHELLS.contains(c) || word.is_none() && FIRST.contains(c) => {
                return Err(for_a_shell(c));
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

fn for_a_shell(c: char) -> String {
    let shown = if c == '\n' {
        "a line break".to_owned()
    } else {
        format!("`{c}`")
    };
    format!("{shown} is for a shell, and none reads it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_split_and_quotes_keep_them() {
        for (line, expected) in [
            ("alembic upgrade head", &["alembic", "upgrade", "head"][..]),
            ("  a\tb  ", &["a", "b"]),
            ("a 'b c' \"d e\" f\\ g", &["a", "b c", "d e", "f g"]),
            (
                "sh -c 'echo \"$X\" | cat'",
                &["sh", "-c", "echo \"$X\" | cat"],
            ),
            ("a \"x\\\"y\\n\" ''", &["a", "x\"y\\n", ""]),
            ("a=b'c'd", &["a=bcd"]),
            ("a#b c~", &["a#b", "c~"]),
            ("", &[]),
        ] {
            assert_eq!(words(line).unwrap(), expected, "{line}");
        }
    }

    #[test]
    fn what_needs_a_shell_is_refused() {
        for line in [
            "a && b",
            "a | b",
            "a $HOME",
            "a \"$HOME\"",
            "a > f",
            "a *.sql",
            "a ~/x",
            "a `b`",
            "a\nb",
            "a # b",
        ] {
            assert!(words(line).unwrap_err().contains("shell"), "{line}");
        }
    }

    #[test]
    fn open_quotes_are_refused() {
        for line in ["a 'b", "a \"b", "a \"b\\", "a \\"] {
            assert!(words(line).is_err(), "{line}");
        }
    }
}
