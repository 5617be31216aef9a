//! What the attribute knows of a test, as data.

use std::time::Duration;

/// One annotated test.
///
/// Made by `#[aiodal::test]`; not part of the stable interface.
#[derive(Clone, Copy, Debug)]
pub struct TestCase {
    /// The path of the function, as libtest prints it, with the crate before it.
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
    /// Whether it carries `#[should_panic]`.
    pub should_panic: bool,
}

/// Tokio's runtime flavors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavor {
    /// Everything on the thread of the test.
    CurrentThread,
    /// A pool of worker threads.
    MultiThread,
}
