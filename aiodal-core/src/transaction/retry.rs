//! How often, and how soon, a transaction is run again.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// How often a transaction is run again that failed of others: a serialization failure (40001) or a deadlock (40P01).
///
/// PostgreSQL asks for that wherever isolation is above read committed, and wherever two transactions take locks in
/// different orders (PostgreSQL manual, 13.5, "Serialization Failure Handling"). By default a transaction is attempted
/// five times. Before the second attempt it waits up to 10 ms, before each further one up to twice as long as before, a
/// second at most; how long exactly is left to chance, so that those who collided don't collide again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Retry {
    attempts: u32,
    backoff: Duration,
    longest: Duration,
}

impl Default for Retry {
    fn default() -> Retry {
        Retry {
            attempts: 5,
            backoff: Duration::from_millis(10),
            longest: Duration::from_secs(1),
        }
    }
}

impl Retry {
    /// Attempts a transaction so many times in all; zero counts as one.
    pub fn attempts(attempts: u32) -> Retry {
        Retry {
            attempts: attempts.max(1),
            ..Retry::default()
        }
    }

    /// Sets how long to wait at most before the second attempt.
    pub fn backoff(mut self, backoff: Duration) -> Retry {
        self.backoff = backoff;
        self
    }

    /// Sets how long to wait at most before any attempt.
    pub fn max_backoff(mut self, longest: Duration) -> Retry {
        self.longest = longest;
        self
    }

    /// Returns how long to wait when so many attempts have failed; `None` when that is enough.
    pub(crate) fn wait(&self, failed: u32) -> Option<Duration> {
        if failed >= self.attempts {
            return None;
        }
        let doublings = failed.saturating_sub(1).min(31);
        let most = self.backoff.saturating_mul(1 << doublings);
        Some(most.min(self.longest).mul_f64(chance()))
    }
}

/// Returns a number between 0 and 1, another each time: the standard library seeds its hashers at random.
fn chance() -> f64 {
    let random = RandomState::new().hash_one(0_u8);
    f64::from(u32::try_from(random >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_longest_and_end_with_the_attempts() {
        let retry = Retry::attempts(40)
            .backoff(Duration::from_millis(4))
            .max_backoff(Duration::from_millis(20));
        for failed in 1..40 {
            let most = Duration::from_millis(4 << failed.min(10)).min(Duration::from_millis(20));
            assert!(retry.wait(failed).unwrap() <= most, "{failed}");
        }
        assert_eq!(retry.wait(40), None);
        assert_eq!(Retry::attempts(0).wait(1), None);
    }

    #[test]
    fn waits_are_left_to_chance() {
        let retry = Retry::default();
        assert_ne!(retry.wait(1), retry.wait(1));
    }
}
