//! Notices that logging in by password is slow because the hash functions on this side are not optimised.
//!
//! SCRAM takes 4096 rounds of HMAC on either side: a few milliseconds of optimised code, and tens of them without.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use tokio_postgres::Config;

use crate::notices;

/// Whether it has been told. Guards against its repetition only.
static TOLD: AtomicBool = AtomicBool::new(false);

/// A login that computes for less is no reason to say anything.
const SLOW: Duration = Duration::from_millis(10);

/// A login on this thread.
///
/// How long the thread had computed when it began: unlike the time that has passed, that is not the network's or the server's.
/// Guards nothing else.
#[derive(Clone, Default)]
pub(super) struct Login(Arc<Mutex<Option<Duration>>>);

impl Login {
    /// Notes that it begins, again if there was a TLS handshake before it.
    pub(super) fn begins(&self) {
        *self.began() = computed();
    }

    /// Keeps a notice for the next test if the login has computed for long. The session's runtime has one thread, so that it
    /// has ended on the one that it began on.
    pub(super) fn end(&self, config: &Config) {
        let both = self.began().zip(computed());
        let took = both.map(|(before, now)| now.saturating_sub(before));
        if let Some(took) = took
            && took >= SLOW
            && config.get_password().is_some()
            && !TOLD.swap(true, Ordering::Relaxed)
        {
            notices::keep(advice(took));
        }
    }

    fn began(&self) -> MutexGuard<'_, Option<Duration>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn advice(took: Duration) -> String {
    format!(
        "logging in has computed for {took:.0?}, as does every new connection: hashing the password (SCRAM) is slow where \
         it is not optimised\n\
         add to the Cargo.toml of the workspace:\n\
         [profile.dev.package]\n\
         digest = {{ opt-level = 3 }}\n\
         hmac = {{ opt-level = 3 }}\n\
         postgres-protocol = {{ opt-level = 3 }}\n\
         sha2 = {{ opt-level = 3 }}"
    )
}

/// Returns how long this thread has computed, where the system knows.
fn computed() -> Option<Duration> {
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).ok()?;
    Some(Duration::from(time))
}
