//! What goes to standard output: text for people, or JSON for programs.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use serde::Serialize;

use crate::args::Json;
use crate::failure::Failure;

/// Prints a result, as text or as JSON.
pub(crate) fn report<T: Display + Serialize>(value: &T, format: &Json) -> Result<(), Failure> {
    if format.json {
        json(value)
    } else {
        text(value)
    }
}

pub(crate) fn text(value: &impl Display) -> Result<(), Failure> {
    let text = value.to_string();
    print(text.trim_end_matches('\n'))
}

pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::caused("failed to write JSON", &error))?;
    print(&text)
}

fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        // Whoever reads it, `head` for one, has had enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(|error| Failure::caused("failed to write the output", &error)),
    }
}

/// Tells the person something that is not part of the result.
pub(crate) fn note(text: impl Display) {
    eprintln!("note: {text}");
}
