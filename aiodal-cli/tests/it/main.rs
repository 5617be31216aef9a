//! The command as people and programs run it, against real servers of its own.

mod clean;
mod doctor;
mod postgres;
mod project;
mod psql;
mod schema;
mod serve;
mod url;
mod usage;
