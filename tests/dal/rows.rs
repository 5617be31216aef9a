//! Rows into types: by name, by order, and in JSON.

mod derived;
mod errors;
mod json_columns;
mod queries;
mod untyped;
