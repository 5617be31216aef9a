//! What the attribute knows of a test, as data.

use std::time::Duration;

use aiodal_core::IsolationLevel;

use crate::isolation::Isolation;
use crate::session::SessionType;
use crate::sql_fixture::SqlFixture;

/// One annotated test.
///
/// Made by `#[aiodal::test]`; not part of the stable interface.
#[derive(Clone, Copy, Debug)]
pub struct TestCase {
    /// The path of the function, as libtest prints it, with the crate before it; a case's is its own.
    pub name: &'static str,
    /// The file it is in.
    pub file: &'static str,
    /// Its line.
    pub line: u32,
    /// The directory of the package that it belongs to.
    pub manifest_dir: &'static str,
    /// Which runtime its body runs on.
    pub flavor: Flavor,
    /// How many worker threads that runtime has; `None` is Tokio's default.
    pub worker_threads: Option<usize>,
    /// Whether that runtime's clock starts paused.
    pub start_paused: bool,
    /// How long the body may take; `None` is what the configuration says.
    pub timeout: Option<Duration>,
    /// What keeps it apart from other tests; `None` is what the configuration says.
    pub isolation: Option<Isolation>,
    /// The isolation level of its transaction; `None` is the server's default.
    pub isolation_level: Option<IsolationLevel>,
    /// Whether its statements are logged; `None` is what the configuration says.
    pub echo: Option<bool>,
    /// How long a client of its sandbox may wait for another; `None` is what the configuration says.
    pub sandbox_wait: Option<Duration>,
    /// Whether data access layers that its code has not been passed find its database; `None` is what the configuration says.
    pub ambient: Option<bool>,
    /// How many statements it may run.
    pub max_queries: Option<u32>,
    /// How many times it may run the same statement.
    pub max_repeats: Option<u32>,
    /// The session that it belongs to; `None` is the one of its binary.
    pub session: Option<SessionType>,
    /// The files of SQL that run before it, in order.
    pub sql_fixtures: &'static [SqlFixture],
    /// Whether it carries `#[should_panic]`.
    pub should_panic: bool,
}

impl TestCase {
    /// A test without options.
    #[must_use]
    pub const fn new(
        name: &'static str,
        file: &'static str,
        line: u32,
        manifest_dir: &'static str,
    ) -> TestCase {
        TestCase {
            name,
            file,
            line,
            manifest_dir,
            flavor: Flavor::CurrentThread,
            worker_threads: None,
            start_paused: false,
            timeout: None,
            isolation: None,
            isolation_level: None,
            echo: None,
            sandbox_wait: None,
            ambient: None,
            max_queries: None,
            max_repeats: None,
            session: None,
            sql_fixtures: &[],
            should_panic: false,
        }
    }
}

/// Tokio's runtime flavors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavor {
    /// Everything on the thread of the test.
    CurrentThread,
    /// A pool of worker threads.
    MultiThread,
}
