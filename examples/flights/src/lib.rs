//! Departures from New York: a small application on [`aiodal`], written to be read and imitated.
//!
//! Its functions take a transaction and never end it. The caller decides what belongs together; a
//! test hands them a transaction that is rolled back, and nothing here knows the difference. The
//! exception is the service in [`dispatch`], which has connections of its own, begins and commits.
//!
//! ```no_run
//! use aiodal::DataAccessLayer;
//! use jiff::civil::date;
//!
//! # async fn example() -> aiodal::Result<()> {
//! let dal = DataAccessLayer::connect("postgres://localhost/flights").await?;
//! let tx = dal.transaction().await?;
//! let grounded = flights::fleet::retire(&tx, "N730MQ", date(2013, 1, 8)).await?;
//! println!("{grounded} flights need another plane");
//! tx.commit().await
//! # }
//! ```

pub mod announce;
pub mod cli;
pub mod dispatch;
pub mod fleet;
mod flight;
pub mod schedule;
pub mod traffic;
pub mod watch;
pub mod year;

pub use flight::{Flight, FlightKey, NewFlight, Status};
