//! The test session of `aiodal`, and the run of one test.

mod backend;
mod case;
mod config;
mod context;
mod digest;
mod example;
mod janitor;
mod journal;
mod provision;
mod report;
mod rollback;
mod runner;
mod runtime;
mod session;
mod set_up;
mod template;

pub use self::case::{Flavor, TestCase};
pub use self::config::{Config, PoolConfig, PostgresConfig};
pub use self::context::{Context, Fixture, Interrupted, Panic};
pub use self::example::example;
pub use self::runner::{Verdict, run};
pub use self::session::{Overrides as Session, SessionSource, register_session};
pub use self::set_up::SetUpError;
pub use self::template::{Fingerprint, Migrations};

pub use ctor;
