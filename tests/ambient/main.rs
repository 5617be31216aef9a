//! Code that has its data access layer in a static finds the sandbox of the test that it runs in, with nothing passed to it.

mod apart;
mod app;
mod body;
mod database;
mod parallel;
mod session;
mod tasks;
mod threads;
