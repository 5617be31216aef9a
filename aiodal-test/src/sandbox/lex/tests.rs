mod objects;
mod random;
mod settings;
mod splitting;
mod transactions;

use super::*;

/// The verb of the one statement in `sql`.
fn verb(sql: &str) -> Verb<'_> {
    let mut found = pieces(sql, true);
    assert_eq!(found.len(), 1, "{sql}: {found:#?}");
    found.remove(0).verb
}

/// Checks that the statements are like any others, so that the server says what is wrong with them.
#[track_caller]
fn assert_other(statements: &[&str]) {
    let plain = Verb::Other { deferrable: false };
    for sql in statements {
        assert_eq!(verb(sql), plain, "{sql}");
    }
}

/// The name that the first occurrence of `quoted` in `sql` is, with what the server reads.
fn name<'a>(sql: &str, quoted: &str, text: &'a str) -> Name<'a> {
    let start = sql.find(quoted).unwrap();
    Name {
        start,
        end: start + quoted.len(),
        text: text.into(),
    }
}

/// Checks that `sql` is `of` the name.
#[track_caller]
fn assert_named<'a>(
    sql: &'a str,
    quoted: &str,
    text: &'a str,
    of: impl FnOnce(Name<'a>) -> Verb<'a>,
) {
    assert_eq!(verb(sql), of(name(sql, quoted, text)), "{sql}");
}
