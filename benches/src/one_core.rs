//! One core for a process and for all that it starts.
//!
//! Two processes that take turns are on one core or on two, as the scheduler likes, and a statement takes twice as long if it
//! likes two: the other core has gone to sleep by then. Which of them it is has nothing to do with what is compared.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

use crate::Result;

/// This process is on one core until this is dropped. What it starts meanwhile stays there.
#[derive(Debug)]
pub(crate) struct OneCore {
    before: CpuSet,
}

impl OneCore {
    /// # Errors
    ///
    /// The system does not say which cores there are.
    pub(crate) fn take() -> Result<OneCore> {
        let this = Pid::from_raw(0);
        let before = sched_getaffinity(this)?;
        let mut one = CpuSet::new();
        for core in 0..CpuSet::count() {
            if before.is_set(core)? {
                one.set(core)?;
                break;
            }
        }
        sched_setaffinity(this, &one)?;
        Ok(OneCore { before })
    }
}

impl Drop for OneCore {
    fn drop(&mut self) {
        let restored = sched_setaffinity(Pid::from_raw(0), &self.before);
        restored.expect("cores that were there are there");
    }
}
