//! The run of an example: what a documentation page shows, run as a test is.

use std::panic::Location;

use aiodal_core::{BoxError, DataAccessLayer};

use crate::case::TestCase;
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
    let case = TestCase::new(
        "an example",
        here.file(),
        here.line(),
        env!("CARGO_MANIFEST_DIR"),
    );
    run(case, async |context| {
        let mut plan = context.plan();
        let dal = plan.own::<DataAccessLayer>();
        context.prepare(plan).await?;
        let dal = dal.set_up(&context).await?;
        context.body(body(&dal)).await
    })
}
