//! The one function that prints a chain of causes.

use std::error::Error as StdError;
use std::fmt::Write as _;

use tokio_postgres::error::DbError;

use super::Error;
use super::position::Position;

/// Prints an error and everything under it, one cause a line.
///
/// tokio-postgres prints only "db error" for what the server refused; this adds the server's
/// severity, message, detail, hint, context, object names and SQLSTATE, and the line of the statement that it is about.
#[must_use]
pub fn chain(error: &(dyn StdError + 'static)) -> String {
    chain_below(error, None)
}

/// The same of the causes of an error that knows where its statement is at fault.
pub(super) fn chain_below(error: &(dyn StdError + 'static), position: Option<&Position>) -> String {
    let mut position = position;
    let mut out = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        if !out.is_empty() {
            out.push('\n');
        }
        if let Some(db) = error.downcast_ref::<DbError>() {
            describe(db, position, &mut out);
        } else {
            let text = error.to_string();
            // "db error" says nothing that the next link, the server's own words, doesn't.
            if text == "db error" && error.source().is_some() {
                out.truncate(out.trim_end_matches('\n').len());
            } else {
                out.push_str("  caused by: ");
                out.push_str(&text);
            }
        }
        if let Some(error) = error.downcast_ref::<Error>() {
            position = error.position();
        }
        next = error.source();
    }
    out
}

fn describe(db: &DbError, position: Option<&Position>, out: &mut String) {
    let _infallible = write!(
        out,
        "  {}: {} (SQLSTATE {})",
        db.severity(),
        db.message(),
        db.code().code()
    );
    if let Some(position) = position {
        position.print(out);
    }
    let names = [
        ("detail", db.detail()),
        ("hint", db.hint()),
        ("table", db.table()),
        ("column", db.column()),
        ("constraint", db.constraint()),
        ("where", db.where_()),
    ];
    for (name, value) in names {
        if let Some(value) = value {
            let _infallible = write!(out, "\n    {name}: {}", value.replace('\n', "\n      "));
        }
    }
}
