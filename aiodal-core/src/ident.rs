//! Quoting: the only place where a name or a literal becomes SQL text.

use crate::error::{Error, Result};

/// Quotes an identifier, so that any name PostgreSQL can hold is safe in SQL text.
///
/// ```
/// assert_eq!(aiodal_core::quote_ident(r#"o"dd"#)?, r#""o""dd""#);
/// # Ok::<(), aiodal_core::Error>(())
/// ```
///
/// # Errors
///
/// An empty name, a name with a NUL byte, and one of more than 63 bytes: the server would cut it
/// silently, and two names could become one (PostgreSQL manual, 4.1.1).
pub fn quote_ident(name: &str) -> Result<String> {
    // NAMEDATALEN - 1 of every stock build.
    const LONGEST: usize = 63;
    if name.is_empty() {
        return Err(Error::identifier(name, "it is empty"));
    }
    if name.contains('\0') {
        return Err(Error::identifier(
            &name.replace('\0', "\\0"),
            "it contains a NUL byte",
        ));
    }
    if name.len() > LONGEST {
        return Err(Error::identifier(name, "it is longer than 63 bytes"));
    }
    Ok(format!("\"{}\"", name.replace('"', "\"\"")))
}

/// Quotes a string literal for the few statements that take no parameters (`ALTER DATABASE .. SET`, `COMMENT`).
///
/// Everywhere else a value is a parameter. The `E''` form is used where a backslash occurs, so that the
/// result does not depend on `standard_conforming_strings`.
#[must_use]
pub fn quote_literal(value: &str) -> String {
    let doubled = value.replace('\'', "''");
    if doubled.contains('\\') {
        format!("E'{}'", doubled.replace('\\', "\\\\"))
    } else {
        format!("'{doubled}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled() {
        assert_eq!(quote_ident("a\"b").unwrap(), "\"a\"\"b\"");
        assert_eq!(quote_literal("it's"), "'it''s'");
        assert_eq!(quote_literal(r"C:\x"), r"E'C:\\x'");
    }

    #[test]
    fn names_the_server_would_mangle_are_refused() {
        for name in ["", "a\0b", &"x".repeat(64)] {
            assert!(quote_ident(name).is_err(), "{name:?}");
        }
        assert!(quote_ident(&"x".repeat(63)).is_ok());
    }
}
