//! Lines that hold together whatever the names and comments in them are.

use std::fmt::{self, Display, Write};

use crate::schema::SequenceOptions;
use crate::schema::name::write_part;

/// Writes lines: a line feed between them, none behind the last.
pub(super) struct Lines<'a, 'b> {
    f: &'a mut fmt::Formatter<'b>,
    begun: bool,
}

impl<'a, 'b> Lines<'a, 'b> {
    pub(super) fn new(f: &'a mut fmt::Formatter<'b>) -> Lines<'a, 'b> {
        Lines { f, begun: false }
    }

    /// Writes a line, indented by `depth` steps.
    pub(super) fn line(&mut self, depth: usize, text: &Text) -> fmt::Result {
        if self.begun {
            self.f.write_char('\n')?;
        }
        self.begun = true;
        write!(self.f, "{:1$}", "", depth * 2)?;
        self.f.write_str(text.0.trim_end())
    }

    /// Writes an empty line.
    pub(super) fn gap(&mut self) -> fmt::Result {
        self.line(0, &Text::new())
    }
}

/// A line as it grows: words with a space between them.
#[derive(Default)]
pub(super) struct Text(String);

impl Text {
    pub(super) fn new() -> Text {
        Text::default()
    }

    /// Adds a word behind a space; an empty one adds nothing.
    pub(super) fn word(self, word: impl Display) -> Text {
        let word = word.to_string();
        let gap = if self.0.is_empty() || word.is_empty() {
            ""
        } else {
            " "
        };
        self.join(gap).join(&word)
    }

    /// Adds text behind no space. A control character is escaped: a line feed would break the line.
    pub(super) fn join(mut self, text: &str) -> Text {
        for c in text.chars() {
            if c.is_control() {
                self.0.extend(c.escape_debug());
            } else {
                self.0.push(c);
            }
        }
        self
    }

    /// Adds a name, quoted where it must be, behind no space.
    pub(super) fn name(self, name: &str) -> Text {
        let mut quoted = String::new();
        // Writing to a String cannot fail.
        let _infallible = write_part(&mut quoted, name);
        self.join(&quoted)
    }

    /// Adds a name as a word.
    pub(super) fn spaced_name(self, name: &str) -> Text {
        let word = Text::new().name(name);
        self.word(word.as_str())
    }

    /// Adds names between commas, between `open` and `close`, behind a space.
    pub(super) fn names(self, open: &str, names: &[String], close: &str) -> Text {
        let mut text = self.join(" ").join(open);
        for (at, name) in names.iter().enumerate() {
            text = text.join(if at == 0 { "" } else { ", " }).name(name);
        }
        text.join(close)
    }

    /// Adds columns in parentheses, with what is before them; nothing if there are none.
    pub(super) fn columns(self, before: &str, columns: &[String]) -> Text {
        if columns.is_empty() {
            self
        } else {
            self.word(before).names("(", columns, ")")
        }
    }

    /// Adds a word where something holds.
    pub(super) fn when(self, holds: bool, word: &str) -> Text {
        if holds { self.word(word) } else { self }
    }

    /// Adds what there is.
    pub(super) fn some<T>(self, value: Option<T>, add: impl FnOnce(Text, T) -> Text) -> Text {
        match value {
            Some(value) => add(self, value),
            None => self,
        }
    }

    /// Adds things between commas, in parentheses.
    pub(super) fn list(self, things: impl Iterator<Item = Text>) -> Text {
        let mut text = self.join("(");
        for (at, thing) in things.enumerate() {
            text = text
                .join(if at == 0 { "" } else { ", " })
                .join(thing.as_str());
        }
        text.join(")")
    }

    /// Adds spaces until it is `width` characters wide.
    pub(super) fn pad(self, width: usize) -> Text {
        let missing = width.saturating_sub(self.width());
        self.join(&" ".repeat(missing))
    }

    pub(super) fn width(&self) -> usize {
        self.0.chars().count()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn extension(self, extension: Option<&str>) -> Text {
        self.some(extension, |text, name| {
            text.word("extension").spaced_name(name)
        })
    }

    pub(super) fn comment(self, comment: Option<&str>) -> Text {
        self.some(comment, |text, comment| text.word("--").word(comment))
    }
}

/// The options of a sequence that are not what `CREATE SEQUENCE` gives one of its type.
pub(super) fn options(options: &SequenceOptions, data_type: &str) -> String {
    let (least, greatest) = match data_type {
        "smallint" => (i64::from(i16::MIN), i64::from(i16::MAX)),
        "integer" => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (i64::MIN, i64::MAX),
    };
    let rising = options.increment > 0;
    let (min, max) = if rising { (1, greatest) } else { (least, -1) };
    let start = if rising { options.min } else { options.max };
    [
        ("start", options.start, start),
        ("increment", options.increment, 1),
        ("minvalue", options.min, min),
        ("maxvalue", options.max, max),
        ("cache", options.cache, 1),
    ]
    .into_iter()
    .filter(|(_, value, usual)| value != usual)
    .map(|(word, value, _)| format!("{word} {value}"))
    .chain(options.cycle.then(|| "cycle".to_owned()))
    .collect::<Vec<_>>()
    .join(" ")
}
