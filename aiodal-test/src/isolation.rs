//! What keeps a test apart from the others.

/// What keeps a test apart from the others: `isolation`, of the attribute, in `aiodal.toml`, or `AIODAL_ISOLATION`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Isolation {
    /// One transaction in the session's database, rolled back at the end: `"rollback"`.
    #[default]
    Rollback,
    /// A database of its own, cloned from the template and dropped at the end: `"database"`.
    Database,
    /// The session's database in a transaction that can only read: `"none"`.
    None,
}

/// Which databases of their own tests leave behind, to be looked at: `keep`, or `AIODAL_KEEP`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Keep {
    /// None: `"never"`.
    Never,
    /// Those of tests that failed: `"failed"`.
    #[default]
    Failed,
    /// All: `"always"`.
    Always,
}
