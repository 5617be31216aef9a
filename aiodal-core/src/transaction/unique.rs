//! Text that nobody else has.

use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Transaction;

/// How many characters follow the prefix: 36 to the 13th is more than 2 to the 64th.
const DIGITS: usize = 13;

impl Transaction {
    /// Returns text that no other call returns, in this process or another: the prefix, an underscore, and 13 lower-case
    /// letters and digits.
    ///
    /// Tests that insert the same value under a unique key wait for each other, however isolated they are. With values of
    /// their own they don't.
    ///
    /// ```no_run
    /// # async fn example(tx: &aiodal_core::Transaction) -> aiodal_core::Result<()> {
    /// let email = format!("{}@example.com", tx.unique("ann"));
    /// tx.execute("insert into users (email) values ($1)", &[&email]).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn unique(&self, prefix: &str) -> String {
        format!("{prefix}_{}", base36(next()))
    }
}

/// Never returns the same number twice in a process; that two processes meet on one is as likely as that two random
/// numbers of 64 bits are the same.
fn next() -> u64 {
    static SEED: OnceLock<u64> = OnceLock::new();
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let seed = *SEED.get_or_init(|| RandomState::new().hash_one(std::process::id()));
    scatter(seed.wrapping_add(COUNT.fetch_add(1, Ordering::Relaxed)))
}

/// The end of `SplitMix64`, which maps no two numbers to the same.
fn scatter(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

fn base36(mut number: u64) -> String {
    let mut digits = ['0'; DIGITS];
    for digit in digits.iter_mut().rev() {
        let value = u32::try_from(number % 36).expect("it is less than 36");
        *digit = char::from_digit(value, 36).expect("as above");
        number /= 36;
    }
    digits.iter().collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_number_comes_twice() {
        let numbers: HashSet<u64> = (0..10_000).map(|_| next()).collect();
        assert_eq!(numbers.len(), 10_000);
    }

    #[test]
    fn every_number_has_its_own_text() {
        assert_eq!(base36(0), "0000000000000");
        assert_eq!(base36(35), "000000000000z");
        assert_eq!(base36(u64::MAX), "3w5e11264sgsf");
    }
}
