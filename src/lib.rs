//! stub docs
pub use aiodal_core::*;
#[cfg(feature = "test")]
pub use aiodal_macros::{session, test};
#[cfg(feature = "test")]
pub use aiodal_test::{
    Config, Fingerprint, Fixture, Migrations, PoolConfig, PostgresConfig, Session,
};
#[cfg(feature = "test")]
#[doc(hidden)]
pub mod __private {
    pub use aiodal_test::*;
}
