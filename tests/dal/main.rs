//! What the data access layer does, tested on a real PostgreSQL.

mod property;
mod reflect;
