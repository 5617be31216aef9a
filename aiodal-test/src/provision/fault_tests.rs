//! What becomes of a server, and of those who use it, when processes are killed.
//!
//! The actors are child processes of the test: this very program, run for the one test that is [`child::role`].
//! Every test shares its server with nobody, and ends when nothing is left of it. They run on any supported PostgreSQL:
//! on the one that `AIODAL_PG_BIN` names, if it names one.

mod child;
mod killed;
mod reaper;
mod sharing;
mod site;
mod start;
mod stress;

use std::time::Duration;

pub(super) use self::child::reach;

const SHORT: Duration = Duration::from_millis(200);

/// For servers that a test ends itself.
const LONG: Duration = Duration::from_secs(600);
