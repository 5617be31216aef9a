//! The test session of `aiodal`, and the run of one test.

mod ambient;
mod backend;
mod case;
mod changes;
#[doc(hidden)]
pub mod cli;
mod config;
mod context;
mod database;
mod digest;
mod example;
mod fixture;
mod isolation;
mod janitor;
mod journal;
mod limits;
mod locks;
mod notices;
mod provision;
mod report;
mod rollback;
mod runner;
mod runtime;
mod sandbox;
mod session;
mod set_up;
mod sql_fixture;
mod stock;
mod template;
mod tokens;

pub use self::ambient::EnterGuard;
pub use self::case::{Flavor, TestCase};
pub use self::config::{Config, PoolConfig, PostgresConfig, ShowSql};
pub use self::context::{Context, Interrupted, Panic};
pub use self::example::example;
pub use self::fixture::{
    FinalizerOutcome, Finalizers, Fixture, FixtureCall, FixtureFn, FixtureSource, LayerCall,
    LayerFn, LayerValue, Layered, NamedFixture, OfSession, OfTest, Plan, Planned, Provider,
    SessionCall, SessionContext, SessionFixtureFn, SessionPlanned, SessionProvider, Shared, With,
    WithValues,
};
pub use self::isolation::{Isolation, Keep};
pub use self::runner::{Verdict, run};
pub use self::sandbox::Sandbox;
pub use self::session::{
    NamedSession, Overrides as Session, SessionSource, SessionType, register_session,
};
pub use self::set_up::SetUpError;
pub use self::sql_fixture::SqlFixture;
pub use self::template::{Fingerprint, Migrations};

pub use ctor;
