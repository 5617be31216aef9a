//! The run of an example: what a documentation page shows, run as a test is.

use std::panic::Location;

use aiodal_core::{BoxError, DataAccessLayer};

use crate::case::{Flavor, TestCase};
use crate::runner::{Verdict, run};

/// Runs the example of a documentation page against the session's database, in a transaction that is rolled back.
///
/// Not part of the stable interface: the hidden lines around this project's own examples call it.
#[track_caller]
pub fn example<F>(body: F) -> Verdict
where
    F: AsyncFnOnce(&DataAccessLayer) -> Result<(), BoxError>,
{
    let here = Location::caller();
    let case = TestCase {
        name: "an example",
        file: here.file(),
        line: here.line(),
        manifest_dir: env!("CARGO_MANIFEST_DIR"),
        flavor: Flavor::CurrentThread,
        worker_threads: None,
        start_paused: false,
        timeout: None,
        should_panic: false,
    };
    run(case, async |context| {
        let dal: DataAccessLayer = context.fixture().await?;
        context.body(body(&dal)).await
    })
}
