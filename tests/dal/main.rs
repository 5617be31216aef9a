//! What holds of the data access layer, tested on a real PostgreSQL.

mod keys;
mod reflect;
mod rows;
