//! The application's functions and the database's rules, on a week of real flights.

mod announcing;
mod command_line;
mod common;
mod dispatching;
mod isolation;
mod next_week;
mod operations;
mod planes;
mod rules;
mod seeded_week;
mod year;
