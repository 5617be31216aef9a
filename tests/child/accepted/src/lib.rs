//! Nothing: the crate is its examples.
