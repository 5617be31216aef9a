//! A name within a schema.

use std::fmt;

/// The name of something, with the schema that it is in.
///
/// Never joined with a dot to make a key: `a."b.c"` and `"a.b".c` are two relations.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct QualifiedName {
    /// The schema, as it is: unquoted.
    pub schema: String,
    /// The name in it, as it is: unquoted.
    pub name: String,
}

impl QualifiedName {
    /// Makes one of names as they are, unquoted.
    #[must_use]
    pub fn new(schema: impl Into<String>, name: impl Into<String>) -> QualifiedName {
        QualifiedName {
            schema: schema.into(),
            name: name.into(),
        }
    }
}

/// As SQL may have it: each part quoted where it must be, so that the text can be looked up again.
impl fmt::Display for QualifiedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_part(f, &self.schema)?;
        f.write_str(".")?;
        write_part(f, &self.name)
    }
}

/// Unquoted, a part would be read as itself only if it is lower-case letters, digits and underscores. Keywords are not
/// told apart: for SQL there is [`quote_ident`](crate::quote_ident).
pub(super) fn write_part(f: &mut impl fmt::Write, part: &str) -> fmt::Result {
    let plain = part
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && !part.starts_with(|first: char| first.is_ascii_digit())
        && !part.is_empty();
    if plain {
        f.write_str(part)
    } else {
        write!(f, "\"{}\"", part.replace('"', "\"\""))
    }
}
