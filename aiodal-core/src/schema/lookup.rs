//! A name as somebody writes it, and what it may mean.

use crate::error::{Error, Result};

use super::name::QualifiedName;

/// A name to look up: as in SQL, or as it is.
///
/// Text is read as SQL would read it: `book`, `shop.book`, `"My Schema"."b.c"`. A part without quotes is looked for as it
/// is first, and in lower case if that misses, so that `Author` finds both `"Author"` and `author`. Without a schema the
/// search path decides. A [`QualifiedName`] or a pair of schema and name is taken as it is, unquoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameRef<'a> {
    /// As SQL has it.
    Sql(&'a str),
    /// Schema and name, as they are.
    Exact(&'a str, &'a str),
}

impl<'a> From<&'a str> for NameRef<'a> {
    fn from(text: &'a str) -> NameRef<'a> {
        NameRef::Sql(text)
    }
}

impl<'a> From<&'a String> for NameRef<'a> {
    fn from(text: &'a String) -> NameRef<'a> {
        NameRef::Sql(text)
    }
}

impl<'a> From<&'a QualifiedName> for NameRef<'a> {
    fn from(name: &'a QualifiedName) -> NameRef<'a> {
        NameRef::Exact(&name.schema, &name.name)
    }
}

impl<'a> From<(&'a str, &'a str)> for NameRef<'a> {
    fn from((schema, name): (&'a str, &'a str)) -> NameRef<'a> {
        NameRef::Exact(schema, name)
    }
}

/// One thing that a name may mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// `None` leaves it to the search path.
    pub(crate) schema: Option<String>,
    pub(crate) name: String,
}

struct Part {
    text: String,
    quoted: bool,
}

impl Part {
    /// As it is, and as the server folds it: ASCII letters only, as it does in a database of UTF-8.
    fn spellings(&self) -> Vec<String> {
        let folded = self.text.to_ascii_lowercase();
        if self.quoted || folded == self.text {
            vec![self.text.clone()]
        } else {
            vec![self.text.clone(), folded]
        }
    }
}

impl NameRef<'_> {
    /// Returns what the name may mean, the likeliest first.
    ///
    /// # Errors
    ///
    /// Text that is no name of one or two parts.
    pub(crate) fn readings(&self) -> Result<Vec<Reading>> {
        let text = match self {
            NameRef::Exact(schema, name) => {
                return Ok(vec![Reading {
                    schema: Some((*schema).to_owned()),
                    name: (*name).to_owned(),
                }]);
            }
            NameRef::Sql(text) => *text,
        };
        let parts = parts(text).map_err(|reason| Error::identifier(text, reason))?;
        match parts.as_slice() {
            [name] => Ok(name
                .spellings()
                .into_iter()
                .map(|name| Reading { schema: None, name })
                .collect()),
            [schema, name] => {
                let schemas = schema.spellings();
                let reading = |name: String| {
                    schemas.iter().map(move |schema| Reading {
                        schema: Some(schema.clone()),
                        name: name.clone(),
                    })
                };
                Ok(name.spellings().into_iter().flat_map(reading).collect())
            }
            _ => Err(Error::identifier(
                text,
                "it has more parts than schema and name; quote a part that contains a dot: `schema.\"a.b\"`",
            )),
        }
    }

    /// As the user wrote it, in quotes unless it has some.
    pub(crate) fn text(&self) -> String {
        let text = match self {
            NameRef::Sql(text) => (*text).to_owned(),
            NameRef::Exact(schema, name) => QualifiedName::new(*schema, *name).to_string(),
        };
        if text.contains('"') {
            text
        } else {
            format!("\"{text}\"")
        }
    }
}

fn parts(text: &str) -> Result<Vec<Part>, &'static str> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let part;
        (part, rest) = match rest.strip_prefix('"') {
            Some(inner) => quoted(inner)?,
            None => {
                let (text, rest) = rest.split_at(rest.find('.').unwrap_or(rest.len()));
                let text = text.to_owned();
                (
                    Part {
                        text,
                        quoted: false,
                    },
                    rest,
                )
            }
        };
        if part.text.is_empty() {
            return Err("a part of it is empty");
        }
        parts.push(part);
        match rest.strip_prefix('.') {
            Some(behind) => rest = behind,
            None if rest.is_empty() => return Ok(parts),
            None => return Err("something follows a closing quote; double a quote within a name"),
        }
    }
}

/// Reads up to the closing quote; two quotes are one of the name's own.
fn quoted(text: &str) -> Result<(Part, &str), &'static str> {
    let mut name = String::new();
    let mut rest = text;
    loop {
        let (before, behind) = rest.split_once('"').ok_or("its quote is not closed")?;
        name.push_str(before);
        match behind.strip_prefix('"') {
            Some(behind) => {
                name.push('"');
                rest = behind;
            }
            None => {
                let part = Part {
                    text: name,
                    quoted: true,
                };
                return Ok((part, behind));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(text: &str) -> Vec<(Option<String>, String)> {
        let readings = NameRef::from(text).readings().unwrap();
        readings
            .into_iter()
            .map(|reading| (reading.schema, reading.name))
            .collect()
    }

    fn own(schema: &str, name: &str) -> (Option<String>, String) {
        (
            Some(schema.to_owned()).filter(|schema| !schema.is_empty()),
            name.to_owned(),
        )
    }

    #[test]
    fn unquoted_part_is_itself_first_and_then_lower_case() {
        assert_eq!(readings("author"), [own("", "author")]);
        assert_eq!(readings("Author"), [own("", "Author"), own("", "author")]);
        assert_eq!(
            readings("S.T"),
            [own("S", "T"), own("s", "T"), own("S", "t"), own("s", "t")]
        );
    }

    #[test]
    fn quoted_part_is_only_itself() {
        assert_eq!(readings(r#""my.schema".T"#)[1], own("my.schema", "t"));
        assert_eq!(readings(r#"public."My T""#), [own("public", "My T")]);
        assert_eq!(readings(r#""a""b.c""#), [own("", r#"a"b.c"#)]);
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in ["", ".", "a.", ".a", "a.b.c", "\"a", "\"a\"b", "\"\""] {
            assert!(NameRef::from(text).readings().is_err(), "{text}");
        }
    }
}
