//! What holds of the data access layer, tested on a real PostgreSQL.

mod rows;
