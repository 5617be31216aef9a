//! What layers leave behind besides rows: the values of their fixtures, written on the database that has the rows.
//!
//! They are in its comment, which every process reads anyway when it looks whether the database is ready. A comment is
//! in a catalog that all databases share, whatever their encodings: only ASCII is safe there.

use std::fmt::Write as _;

use crate::fixture::{FixtureSource, Layer, Layers};

/// The values of a chain of layers, from the lowest up.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Values {
    /// The content of the template below the first layer.
    base: String,
    layers: Vec<Value>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Value {
    /// The file of the fixture and its path in there.
    identity: (String, String),
    content: u64,
    json: String,
}

/// What a layer's line begins with.
const LAYER: &str = "layer";

/// What the line of the base begins with.
const BASE: &str = "base";

impl Values {
    /// Those of a chain without layers.
    pub(crate) fn on(base: &str) -> Values {
        Values {
            base: base.to_owned(),
            layers: Vec::new(),
        }
    }

    /// Adds the value of the layer on top.
    pub(crate) fn push(&mut self, layer: &Layer, json: &str) {
        self.layers.push(Value {
            identity: ascii_identity(&layer.source),
            content: layer.content,
            json: ascii(json),
        });
    }

    /// Returns what the layer of a fixture has left behind, as JSON.
    pub(crate) fn get(&self, source: &FixtureSource) -> Option<&str> {
        let identity = ascii_identity(source);
        let found = self.layers.iter().find(|value| value.identity == identity);
        found.map(|value| value.json.as_str())
    }

    /// Says whether every layer's value is there, and what the fixtures of today make of it.
    pub(crate) fn fit<'a>(&self, layers: impl IntoIterator<Item = &'a Layer>) -> bool {
        let mut layers = layers.into_iter();
        layers.all(|layer| {
            let value = self.get(&layer.source);
            value.is_some_and(|json| (layer.check)(json).is_ok())
        })
    }

    /// Says whether nothing here is known to be out of date: it lies on this base, and of no fixture there is another
    /// version.
    pub(crate) fn may_be_wanted(&self, base: &str, layers: &Layers) -> bool {
        let outdated = |value: &Value| {
            layers.iter().any(|layer| {
                ascii_identity(&layer.source) == value.identity && layer.content != value.content
            })
        };
        self.base == base && !self.layers.iter().any(outdated)
    }

    /// Returns the comment: `mark`, and a line for each layer below.
    pub(crate) fn written_below(&self, mark: &str) -> String {
        let mut comment = mark.to_owned();
        if self.layers.is_empty() {
            return comment;
        }
        let _infallible = write!(comment, "\n{BASE}\t{}", self.base);
        for Value {
            identity: (file, path),
            content,
            json,
        } in &self.layers
        {
            let _infallible = write!(comment, "\n{LAYER}\t{content:016x}\t{file}\t{path}\t{json}");
        }
        comment
    }

    /// Reads a comment: the mark, and what is below it. `None` where somebody else has written it.
    pub(crate) fn read(comment: &str) -> Option<(&str, Values)> {
        let mut lines = comment.split('\n');
        let mark = lines.next()?;
        let mut values = Values::default();
        for line in lines {
            let mut cells = line.splitn(5, '\t');
            match (cells.next()?, cells.next()?) {
                (BASE, base) => base.clone_into(&mut values.base),
                (LAYER, content) => values.layers.push(Value {
                    content: u64::from_str_radix(content, 16).ok()?,
                    identity: (cells.next()?.to_owned(), cells.next()?.to_owned()),
                    json: cells.next()?.to_owned(),
                }),
                _ => return None,
            }
        }
        Some((mark, values))
    }
}

fn ascii_identity(source: &FixtureSource) -> (String, String) {
    let (file, path) = source.identity();
    (ascii(file), ascii(path))
}

/// Writes what isn't ASCII as JSON escapes it; in JSON, the value stays the same. Tabs and line ends, which JSON has
/// only between its tokens, become spaces.
fn ascii(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' | '\n' | '\r' => escaped.push(' '),
            _ if c.is_ascii() => escaped.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _infallible = write!(escaped, "\\u{unit:04x}");
                }
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{layer, layers};

    const USERS: Layer = layer("it::common::users", 0, 1);

    fn values() -> Values {
        let mut values = Values::on("001122334455");
        values.push(&USERS, "{\"name\":\t\"Hüp 𝄞\"}");
        values.push(&layer("it::posts", 0, 2), "[1,2]");
        values
    }

    #[test]
    fn what_is_written_is_read_back_and_is_ascii() {
        let comment = values().written_below("a mark");
        assert!(comment.is_ascii(), "{comment}");
        assert_eq!(Values::read(&comment), Some(("a mark", values())));
        let json = values().get(&USERS.source).map(str::to_owned);
        assert_eq!(
            json.as_deref(),
            Some(r#"{"name": "H\u00fcp \ud834\udd1e"}"#)
        );
    }

    #[test]
    fn database_without_layers_has_its_mark_alone() {
        assert_eq!(Values::on("001122334455").written_below("a mark"), "a mark");
        assert_eq!(Values::read("a mark"), Some(("a mark", Values::default())));
    }

    #[test]
    fn comment_of_somebody_else_is_not_ours() {
        for comment in [
            "a mark\nand more",
            "a mark\nlayer\tzz\tf\tp\t1",
            "a mark\nlayer\t01\tf",
        ] {
            assert_eq!(Values::read(comment), None, "{comment}");
        }
    }

    #[test]
    fn value_is_of_the_same_function_in_whichever_binary() {
        let values = values();
        let value = |name| values.get(&layer(name, 0, 1).source);
        assert_eq!(value("other::common::users"), value("it::common::users"));
        assert!(value("it::common::users").is_some());
        assert_eq!(value("it::users"), None);
    }

    #[test]
    fn values_fit_when_each_is_there_and_is_read_by_its_fixture() {
        assert!(values().fit([&USERS, &layer("it::posts", 0, 2)]));
        assert!(!values().fit([&layer("it::tags", 0, 3)]));
        let mut values = values();
        values.push(&layer("it::tags", 0, 3), "broken");
        assert!(!values.fit([&layer("it::tags", 0, 3)]));
    }

    #[test]
    fn layer_is_out_of_date_on_another_base_or_with_another_version_of_its_fixture() {
        let (values, base) = (values(), "001122334455");
        assert!(values.may_be_wanted(base, &layers(&[])));
        assert!(values.may_be_wanted(base, &layers(&[USERS, layer("it::tags", 0, 3)])));
        assert!(!values.may_be_wanted("ffffffffffff", &layers(&[])));
        assert!(!values.may_be_wanted(base, &layers(&[layer("it::posts", 0, 3)])));
    }
}
