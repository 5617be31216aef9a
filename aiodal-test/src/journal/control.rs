//! Statements that change what the end of a test has to expect.

use crate::template::split;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Control {
    EndsTransaction(String),
    Prepares,
    /// It goes back to a savepoint.
    Undoes,
}

const WORDS: [&[u8]; 5] = [b"commit", b"end", b"rollback", b"abort", b"prepare"];

/// A cheap look, because every statement is given one: hardly any begins with one of these words, or has another statement
/// or a comment before one.
pub(super) fn is_suspect(sql: &str) -> bool {
    let sql = sql.trim_start().as_bytes();
    begins(sql, &WORDS)
        || begins(sql, &[b"--", b"/*"])
        || (sql.contains(&b';') && (1..sql.len()).any(|at| begins(&sql[at..], &WORDS)))
}

fn begins(sql: &[u8], words: &[&[u8]]) -> bool {
    words.iter().any(|word| {
        sql.get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
    })
}

/// Looks at each statement of a batch.
pub(super) fn of_batch(sql: &str) -> Vec<Control> {
    let statements = split(sql).into_iter();
    statements
        .filter_map(|statement| Control::of(statement.text))
        .collect()
}

impl Control {
    fn of(statement: &str) -> Option<Control> {
        let mut words = statement
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty());
        let first = words.next()?.to_ascii_lowercase();
        let rest: Vec<String> = words.take(3).map(str::to_ascii_lowercase).collect();
        let has = |word: &str| rest.iter().any(|other| other == word);
        let ends = || Some(Control::EndsTransaction(statement.to_owned()));
        match first.as_str() {
            "rollback" if has("to") => Some(Control::Undoes),
            "commit" | "end" | "abort" | "rollback" => ends(),
            "prepare" if rest.first().is_some_and(|word| word == "transaction") => ends(),
            "prepare" => Some(Control::Prepares),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ender(sql: &str) -> Option<String> {
        let controls = if is_suspect(sql) {
            of_batch(sql)
        } else {
            Vec::new()
        };
        controls.into_iter().find_map(|control| match control {
            Control::EndsTransaction(statement) => Some(statement),
            Control::Prepares | Control::Undoes => None,
        })
    }

    #[test]
    fn statement_that_ends_the_transaction_is_found_in_a_batch() {
        assert_eq!(
            ender("insert into t values (1); COMMIT AND CHAIN; select 1").as_deref(),
            Some("COMMIT AND CHAIN")
        );
        assert_eq!(ender("/* x */ end work").as_deref(), Some("end work"));
        assert_eq!(ender("select 1;Rollback").as_deref(), Some("Rollback"));
        assert_eq!(
            ender("prepare transaction 'x'").as_deref(),
            Some("prepare transaction 'x'")
        );
    }

    #[test]
    fn words_that_only_look_like_it_are_not_suspected() {
        for sql in [
            "rollback to savepoint a",
            "select 'commit; '",
            "select legend from map",
            "rollback work to a",
        ] {
            assert_eq!(ender(sql), None, "{sql}");
        }
        assert!(!is_suspect("select 1 as end from map"));
    }

    #[test]
    fn going_back_to_a_savepoint_is_noticed() {
        assert_eq!(
            of_batch("rollback to a; release a; prepare b as select 1"),
            [Control::Undoes, Control::Prepares]
        );
    }
}
