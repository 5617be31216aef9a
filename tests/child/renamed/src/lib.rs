//! Nothing to see here: what this crate proves is in its tests.
