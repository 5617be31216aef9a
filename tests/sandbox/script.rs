//! A script: what several clients do, one after another, a line for each message.
//!
//! `1 query begin` is the first client's `begin`. Names come before the text that they are for, and `-` is the name of what has
//! none; values are separated by bars.

use std::fmt;

use crate::message::{End, Kind, Message};

/// Who does what.
pub(crate) type Line = (usize, Message);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Script(pub(crate) Vec<Line>);

impl Script {
    /// Reads what [`Display`](fmt::Display) has written; lines that are empty or begin with `#` are nothing.
    pub(crate) fn read(text: &str) -> Script {
        let lines = text.lines().filter(|line| {
            let line = line.trim_start();
            !line.is_empty() && !line.starts_with('#')
        });
        Script(lines.map(line).collect())
    }
}

fn line(text: &str) -> Line {
    let (client, rest) = word(text.trim_start());
    let client = client.parse().expect("a line begins with a client");
    let (verb, rest) = word(rest);
    (client, message(verb, rest))
}

fn message(verb: &str, rest: &str) -> Message {
    match verb {
        "connect" => Message::Connect(pairs(rest)),
        "query" => Message::Query(plain(rest)),
        "parse" => {
            let (name, sql) = word(rest);
            let (name, sql) = (named(name), plain(sql));
            Message::Parse { name, sql }
        }
        "bind" => bind(rest),
        "describe" => with_kind(rest, Message::Describe),
        "close" => with_kind(rest, Message::Close),
        "execute" => {
            let (portal, max) = word(rest);
            Message::Execute {
                portal: named(portal),
                max: max.parse().expect("a number of rows"),
            }
        }
        "flush" => Message::Flush,
        "sync" => Message::Sync {
            more: rest == "more",
        },
        "input" => with_end(rest, End::Done),
        "input-fail" => with_end(rest, End::Fail),
        "input-drop" => with_end(rest, End::Drop),
        "terminate" => Message::Terminate,
        "drop" => Message::Drop,
        verb => panic!("there is no `{verb}`"),
    }
}

fn with_end(rest: &str, end: End) -> Message {
    let text = plain(rest);
    Message::Input { text, end }
}

fn bind(rest: &str) -> Message {
    let (portal, rest) = word(rest);
    let (statement, rest) = word(rest);
    let (format, rest) = word(rest);
    let values = rest.split('|').filter(|_| !rest.is_empty());
    let values = values.map(|value| (value != "\\N").then(|| plain(value)));
    Message::Bind {
        portal: named(portal),
        statement: named(statement),
        binary: format == "binary",
        values: values.collect(),
    }
}

fn with_kind(rest: &str, of: impl Fn(Kind, String) -> Message) -> Message {
    let (kind, name) = word(rest);
    match kind {
        "statement" => of(Kind::Statement, named(name)),
        "portal" => of(Kind::Portal, named(name)),
        kind => panic!("a statement or a portal, not `{kind}`"),
    }
}

fn pairs(rest: &str) -> Vec<(String, String)> {
    let pairs = rest.split('|').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(key, value)| (named(key), named(value)))
        .collect()
}

fn word(text: &str) -> (&str, &str) {
    text.split_once(' ').unwrap_or((text, ""))
}

fn named(word: &str) -> String {
    plain(if word == "-" { "" } else { word })
}

/// Undoes [`escaped`].
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        out.push(match c {
            '\\' => match rest.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('r') => '\r',
                Some('s') => ' ',
                Some('b') => '|',
                Some('e') => continue,
                other => other.expect("something is escaped"),
            },
            c => c,
        });
    }
    out
}

fn escaped(text: &str) -> String {
    let escapes = [("\\", "\\\\"), ("\n", "\\n"), ("\t", "\\t"), ("\r", "\\r")];
    let escape = |text: String, (from, to): (&str, &str)| text.replace(from, to);
    escapes.into_iter().fold(text.to_owned(), escape)
}

/// As a word among words, or a value among values.
fn atom(text: &str) -> String {
    match text {
        "" => "-".to_owned(),
        text => escaped(text).replace(' ', "\\s").replace('|', "\\b"),
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (client, message) in &self.0 {
            writeln!(f, "{client} {message}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Connect(pairs) => {
                let pairs = pairs.iter();
                let pairs = pairs.map(|(key, value)| format!("{}={}", atom(key), atom(value)));
                let pairs = pairs.collect::<Vec<_>>().join("|");
                write!(f, "connect {pairs}")
            }
            Message::Query(sql) => write!(f, "query {}", escaped(sql)),
            Message::Parse { name, sql } => write!(f, "parse {} {}", atom(name), escaped(sql)),
            Message::Bind {
                portal,
                statement,
                binary,
                values,
            } => {
                let format = if *binary { "binary" } else { "text" };
                let values = values.iter().map(|value| match value {
                    Some(value) if value.is_empty() => "\\e".to_owned(),
                    Some(value) => escaped(value).replace('|', "\\b"),
                    None => "\\N".to_owned(),
                });
                let values = values.collect::<Vec<_>>().join("|");
                let (portal, statement) = (atom(portal), atom(statement));
                write!(f, "bind {portal} {statement} {format} {values}")
            }
            Message::Describe(kind, name) => write!(f, "describe {kind} {}", atom(name)),
            Message::Close(kind, name) => write!(f, "close {kind} {}", atom(name)),
            Message::Execute { portal, max } => write!(f, "execute {} {max}", atom(portal)),
            Message::Flush => write!(f, "flush"),
            Message::Sync { more: false } => write!(f, "sync"),
            Message::Sync { more: true } => write!(f, "sync more"),
            Message::Input { text, end } => write!(f, "{end} {}", escaped(text)),
            Message::Terminate => write!(f, "terminate"),
            Message::Drop => write!(f, "drop"),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Statement => "statement",
            Kind::Portal => "portal",
        })
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            End::Done => "input",
            End::Fail => "input-fail",
            End::Drop => "input-drop",
        })
    }
}
