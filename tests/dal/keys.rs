//! Statements on reflected tables.

mod page;
#[cfg(feature = "sea-query")]
mod sea_query;
