//! How a transaction is to be: its isolation level, what it may do and for how long.

use std::fmt::{self, Write as _};
use std::time::Duration;

use crate::error::{Error, Result};

/// What a transaction sees of others (PostgreSQL manual, 13.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IsolationLevel {
    /// Each statement sees what was committed before it began. PostgreSQL's default.
    ReadCommitted,
    /// All statements see what was committed before the first began.
    RepeatableRead,
    /// The same, and the outcome is as if transactions had run one after another. Be ready to [retry](crate::Retry).
    Serializable,
}

/// How a transaction is to be. What is not said is left to the server's and the connection's settings.
///
/// It is all part of the batch that begins the transaction, and ends with it.
///
/// ```no_run
/// # use std::time::Duration;
/// # use aiodal_core::{IsolationLevel, Transaction, TransactionOptions};
/// # async fn example(pool: &aiodal_core::Pool) -> aiodal_core::Result<()> {
/// let options = TransactionOptions::new()
///     .isolation_level(IsolationLevel::Serializable)
///     .read_only(true)
///     .statement_timeout(Duration::from_secs(5));
/// let tx = Transaction::begin_with(pool, &options).await?;
/// # drop(tx); Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct TransactionOptions {
    isolation_level: Option<IsolationLevel>,
    read_only: Option<bool>,
    deferrable: Option<bool>,
    statement_timeout: Option<Duration>,
    lock_timeout: Option<Duration>,
    idle_in_transaction_session_timeout: Option<Duration>,
    transaction_timeout: Option<Duration>,
}

const TRANSACTION_TIMEOUT: &str = "transaction_timeout";

/// The first version that has it.
const TRANSACTION_TIMEOUT_SINCE: u32 = 170_000;

impl TransactionOptions {
    /// Leaves everything to the settings.
    pub fn new() -> TransactionOptions {
        TransactionOptions::default()
    }

    /// Sets the isolation level.
    pub fn isolation_level(mut self, level: IsolationLevel) -> TransactionOptions {
        self.isolation_level = Some(level);
        self
    }

    /// Sets whether writing is refused (25006).
    pub fn read_only(mut self, read_only: bool) -> TransactionOptions {
        self.read_only = Some(read_only);
        self
    }

    /// Sets whether a serializable read-only transaction waits, when it begins, for a moment in which it cannot fail.
    pub fn deferrable(mut self, deferrable: bool) -> TransactionOptions {
        self.deferrable = Some(deferrable);
        self
    }

    /// Limits how long a statement may run. Milliseconds count; zero is no limit.
    pub fn statement_timeout(mut self, limit: Duration) -> TransactionOptions {
        self.statement_timeout = Some(limit);
        self
    }

    /// Limits how long a statement may wait for a lock. Milliseconds count; zero is no limit.
    pub fn lock_timeout(mut self, limit: Duration) -> TransactionOptions {
        self.lock_timeout = Some(limit);
        self
    }

    /// Limits how long the transaction may be idle; the server then closes the connection. Milliseconds count; zero is
    /// no limit.
    pub fn idle_in_transaction_session_timeout(mut self, limit: Duration) -> TransactionOptions {
        self.idle_in_transaction_session_timeout = Some(limit);
        self
    }

    /// Limits how long the transaction may take; the server then closes the connection. Milliseconds count; zero is no
    /// limit. PostgreSQL 17 and later.
    pub fn transaction_timeout(mut self, limit: Duration) -> TransactionOptions {
        self.transaction_timeout = Some(limit);
        self
    }

    /// Returns the oldest version of a server that knows all that is asked for, if that is not just any.
    pub(super) fn oldest_server(&self) -> Option<u32> {
        self.transaction_timeout.map(|_| TRANSACTION_TIMEOUT_SINCE)
    }

    /// Renders the batch that begins the transaction.
    pub(super) fn begin(&self, version: Option<u32>) -> Result<String> {
        if let (Some(oldest), Some(version)) = (self.oldest_server(), version)
            && version < oldest
        {
            return Err(Error::too_old(TRANSACTION_TIMEOUT, oldest, version));
        }
        let mut sql = "begin".to_owned();
        let modes = [
            self.isolation_level.map(IsolationLevel::sql),
            self.read_only
                .map(|set| if set { "read only" } else { "read write" }),
            self.deferrable
                .map(|set| if set { "deferrable" } else { "not deferrable" }),
        ];
        for mode in modes.into_iter().flatten() {
            let _infallible = write!(sql, " {mode}");
        }
        for (name, limit) in self.limits() {
            let _infallible = write!(sql, "; set local {name} = {}", milliseconds(limit));
        }
        Ok(sql)
    }

    /// Renders the batch that begins a nested transaction: the isolation level is that of the one around it, and so is the
    /// time for all of it.
    pub(super) fn begin_nested(&self) -> String {
        let mut sql = "savepoint aiodal_nested".to_owned();
        if self.read_only == Some(true) {
            sql.push_str("; set local transaction_read_only = on");
        }
        for (name, limit) in self.nested_limits() {
            let _infallible = write!(sql, "; set local {name} = {}", milliseconds(limit));
        }
        sql
    }

    /// Renders what a nested transaction does before it is released.
    pub(super) fn end_nested(&self) -> String {
        // It has written nothing, and a transaction can't be made to write again.
        if self.read_only == Some(true) {
            return "rollback to aiodal_nested; ".to_owned();
        }
        let names = self
            .nested_limits()
            .map(|(name, _)| format!("reset {name}; "));
        names.collect()
    }

    fn nested_limits(&self) -> impl Iterator<Item = (&'static str, Duration)> {
        self.limits()
            .filter(|(name, _)| *name != TRANSACTION_TIMEOUT)
    }

    fn limits(&self) -> impl Iterator<Item = (&'static str, Duration)> {
        let limits = [
            ("statement_timeout", self.statement_timeout),
            ("lock_timeout", self.lock_timeout),
            (
                "idle_in_transaction_session_timeout",
                self.idle_in_transaction_session_timeout,
            ),
            (TRANSACTION_TIMEOUT, self.transaction_timeout),
        ];
        limits
            .into_iter()
            .filter_map(|(name, limit)| Some((name, limit?)))
    }
}

/// The settings are `int`s, of milliseconds, and zero means something else.
fn milliseconds(limit: Duration) -> i32 {
    let least = i32::from(!limit.is_zero());
    i32::try_from(limit.as_millis())
        .unwrap_or(i32::MAX)
        .max(least)
}

/// As SQL and `default_transaction_isolation` spell it.
impl fmt::Display for IsolationLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            IsolationLevel::ReadCommitted => "read committed",
            IsolationLevel::RepeatableRead => "repeatable read",
            IsolationLevel::Serializable => "serializable",
        })
    }
}

impl IsolationLevel {
    fn sql(self) -> &'static str {
        match self {
            IsolationLevel::ReadCommitted => "isolation level read committed",
            IsolationLevel::RepeatableRead => "isolation level repeatable read",
            IsolationLevel::Serializable => "isolation level serializable",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batch_has_what_was_asked_for_and_no_more() {
        let options = TransactionOptions::new();
        assert_eq!(options.begin(None).unwrap(), "begin");
        let options = options
            .isolation_level(IsolationLevel::Serializable)
            .read_only(true)
            .deferrable(false)
            .statement_timeout(Duration::from_secs(1))
            .lock_timeout(Duration::from_micros(1))
            .idle_in_transaction_session_timeout(Duration::ZERO);
        assert_eq!(
            options.begin(None).unwrap(),
            "begin isolation level serializable read only not deferrable; set local statement_timeout = 1000; \
             set local lock_timeout = 1; set local idle_in_transaction_session_timeout = 0"
        );
    }

    #[test]
    fn server_that_is_too_old_for_an_option_is_named() {
        let options = TransactionOptions::new().transaction_timeout(Duration::from_secs(1));
        let error = options.begin(Some(150_018)).unwrap_err().to_string();
        assert_eq!(
            error,
            "`transaction_timeout` needs PostgreSQL 17 or later, and this server is 15.18"
        );
        assert!(options.begin(Some(170_002)).is_ok());
    }
}
