//! Isolation by rollback: how a test's transaction begins, and the proof that it ended as it should.
//!
//! BEGIN is queued without waiting and notes two things on the way: when the transaction began (the server's
//! clock, to the microsecond), and a setting that the rollback will take back. At the end two batches go out
//! together, one round trip in all:
//!
//! 1. `SET CONSTRAINTS ALL IMMEDIATE` checks what a COMMIT would check, and the time of beginning is asked for
//!    again. Another time means another transaction: the test has ended its own.
//! 2. ROLLBACK; then what a rollback leaves behind is reset, and the setting is looked at. If it is still there,
//!    something was committed, even if the first batch could not tell because a statement had failed.
//!
//! A connection returns to the pool only if all of that was answered as expected.

use std::fmt::{self, Write as _};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use aiodal_core::{
    CancelToken, DataAccessLayer, DataAccessLayerBuilder, IsolationLevel, Lane, LaneOptions,
    Revoked, SchemaCache, Transaction, chain, quote_literal,
};
use futures_util::future::{Either, join, select};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::backend::Running;
use crate::changes::{self, Changes};
use crate::journal::Journal;
use crate::runtime::within;
use crate::session::Slot;
use crate::template::SANDBOX;

/// When the transaction began, and the process that serves it. A row of the two: to join them by an operator, the server has to
/// find out which one is meant, which takes it a third of a round trip.
macro_rules! beginning {
    () => {
        "row(extract(epoch from now()), pg_backend_pid())"
    };
}

const CHECK: &str = concat!("set constraints all immediate; select ", beginning!());

/// Locks of the session, `currval` and prepared cursors outlive a rollback. The other resets matter only after a
/// transaction that the check could not see; together they cost a few microseconds, and no cached statement.
macro_rules! reset {
    ($more:literal) => {
        concat!(
            "rollback; select current_setting('aiodal.transaction', true), pg_advisory_unlock_all()",
            $more,
            "; close all; unlisten *; set session authorization default; reset all; discard temp; discard sequences"
        )
    };
}

const RESET: &str = reset!("");

/// The server would hand on what it has counted of the transaction once a second, and add it to what it counts of the next
/// one on the connection until then.
const RESET_COUNTS: &str = reset!(", pg_catalog.pg_stat_force_next_flush()");

/// Returns the batch that begins a test's transaction.
///
/// Its first cell is the beginning, and the process that serves it. A setting made in a transaction ends with its
/// rollback, not with its commit. `application_name` tells whoever looks at the server's sessions, or waits for a lock
/// of this one, which test it is. `first` is run behind all that.
pub(crate) fn begin(
    modes: Modes,
    application_name: &str,
    first: &[String],
    sandbox: bool,
) -> String {
    let name = quote_literal(application_name);
    let begin = modes.begin();
    let mut begin = format!(
        "{begin}; select {}, \
         set_config('aiodal.transaction', 'open', false), set_config('application_name', {name}, true)",
        beginning!()
    );
    if sandbox {
        let _infallible = write!(begin, ", set_config('{SANDBOX}', 'on', true)");
    }
    for sql in first {
        // What stands before it may end in a comment.
        begin.push_str("\n;\n");
        begin.push_str(sql);
    }
    begin
}

/// Returns the server's process from the first cell of [`begin`].
pub(crate) fn process(began: &str) -> Option<i32> {
    began.strip_suffix(')')?.split_once(',')?.1.parse().ok()
}

/// How long the server may take to cancel what a test left running.
const CANCEL_LIMIT: Duration = Duration::from_secs(5);

/// How long to wait for the effect of a request to cancel.
const CANCEL_AGAIN: Duration = Duration::from_millis(20);

/// How a test's transaction is to be, beyond the server's settings.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Modes {
    pub(crate) level: Option<IsolationLevel>,
    pub(crate) read_only: bool,
}

impl Modes {
    /// Once the SELECT behind BEGIN has run, the server lets nobody change the modes.
    fn begin(self) -> String {
        let mut sql = "begin".to_owned();
        if let Some(level) = self.level {
            let _infallible = write!(sql, " isolation level {level}");
        }
        if self.read_only {
            sql.push_str(" read only");
        }
        sql
    }
}

/// A connection that a test has, and the transaction on it.
pub(crate) struct Lease {
    slot: Slot,
    running: Running,
    lane: Lane,
    dal: DataAccessLayer,
    journal: Arc<Journal>,
}

/// How the transaction of a test ended.
pub(crate) enum Ending {
    /// Rolled back, with nothing to say.
    RolledBack,
    /// Rolled back; a COMMIT would have been refused for this reason.
    Refused(String),
    /// The test ended its transaction itself; the statement, if it went through the transaction.
    Escaped(Option<String>),
    /// The connection was lost, or would not come clean; the server rolls back when it closes.
    Lost(String),
}

impl Lease {
    /// Drives the connection on the current runtime and queues BEGIN.
    ///
    /// # Errors
    ///
    /// The runtime's reactor refused the socket.
    pub(crate) fn begin(
        mut slot: Slot,
        begin: &str,
        owner: &str,
        journal: Arc<Journal>,
        dal: DataAccessLayerBuilder,
        schema: &SchemaCache,
    ) -> io::Result<Lease> {
        let running = slot.start()?;
        let options = LaneOptions {
            observer: Some(journal.clone()),
            statements: Some(slot.statements.clone()),
            watch: Some(slot.watch.clone()),
            cancel: Some(slot.cancel_token()),
            // The database is the session's own, and what tests do to its schema is rolled back.
            exclusive: true,
        };
        let lane = Lane::open(slot.client.clone(), begin, owner, options);
        let dal = dal.on_loan(&lane, schema);
        Ok(Lease {
            slot,
            running,
            lane,
            dal,
            journal,
        })
    }

    /// Returns the transaction, on loan.
    pub(crate) fn transaction(&self) -> Transaction {
        let outer = self.dal.outer_transaction();
        outer.expect("a data access layer on loan has one")
    }

    /// Returns the data access layer whose transactions are nested in this one.
    pub(crate) fn dal(&self) -> &DataAccessLayer {
        &self.dal
    }

    /// Returns the way of statements to it.
    pub(crate) fn lane(&self) -> &Lane {
        &self.lane
    }

    /// Returns what has been sent on it.
    pub(crate) fn journal(&self) -> &Arc<Journal> {
        &self.journal
    }

    /// Ends the transaction on the runtime that has driven it, and gives the connection back to the pool, parked;
    /// or closes it, if it isn't clean. Bounded by the caller.
    ///
    /// Returns what the transaction has done to which tables, if that is to be told.
    pub(crate) async fn end(self, tell: bool) -> (Ending, Option<Changes>) {
        let Lease {
            mut slot,
            running,
            lane,
            journal,
            ..
        } = self;
        let client = slot.client.clone();
        // A request to cancel that is on its way shall not hit the end.
        lane.settled().await;
        let Revoked {
            unanswered,
            outdated,
            broken,
        } = lane.revoke();
        if broken {
            // The pool closes it, and the server rolls back.
            return (Ending::RolledBack, None);
        }
        let cancelled = unanswered == 0 || cancel(&client, &slot.cancel_token()).await;
        if outdated {
            // What a test has made is gone with its transaction, and what it has changed is as before. Sent ahead of the
            // end, so that the answers are read before the connection is parked.
            slot.statements.clear();
            client.clear_type_cache();
        }
        let changes = if tell && slot.counts_apart {
            Some(changes::read(&client).await)
        } else {
            None
        };
        let ending = match lane.begun().await {
            Ok(began) => end(&client, began, &journal, reset(slot.counts_apart)).await,
            Err(error) => Ending::Lost(chain(&error)),
        };
        let clean = matches!(ending, Ending::RolledBack | Ending::Refused(_));
        if clean && cancelled && !journal.prepares() {
            slot.driver = running.stop().await;
        }
        (ending, changes)
    }
}

/// Returns what resets a connection; `counts_apart` is whether its server can be asked to hand on what it has counted.
pub(crate) fn reset(counts_apart: bool) -> &'static str {
    if counts_apart { RESET_COUNTS } else { RESET }
}

/// Rolls back what has begun as `began` says, and finds out whether it was rolled back.
pub(crate) async fn end(
    client: &Client,
    began: Option<String>,
    journal: &Journal,
    reset: &str,
) -> Ending {
    let Some(began) = began else {
        return Ending::Lost("it could not begin its transaction".to_owned());
    };
    // Polled together, both are sent before the first is answered.
    let (check, reset) = join(client.simple_query(CHECK), client.simple_query(reset)).await;
    let reset = match reset {
        Ok(messages) => messages,
        Err(error) => return Ending::Lost(chain(&error)),
    };
    if first_cell(&reset).is_some_and(|setting| setting == "open") {
        return Ending::Escaped(journal.ender());
    }
    match check {
        Ok(messages) if first_cell(&messages) == Some(&began) => Ending::RolledBack,
        Ok(_) => Ending::Escaped(journal.ender()),
        // A statement has failed and the test has seen it fail: nothing to add.
        Err(error) if error.code() == Some(&SqlState::IN_FAILED_SQL_TRANSACTION) => {
            Ending::RolledBack
        }
        Err(error) => Ending::Refused(chain(&error)),
    }
}

/// Stops whatever the server is still running for this connection, and waits until it has stopped.
///
/// A request to cancel comes by a connection of its own. It may overtake the statement that it is meant for, and then
/// it cancels nothing: it is repeated until everything that was sent is answered. Or it may come late and hit whatever is
/// running by then, so that each is seen through to its end, when the server has signalled.
///
/// Says whether that is certain: otherwise a request may be on its way still, and hit the connection's next user.
async fn cancel(client: &Client, token: &CancelToken) -> bool {
    let cancelled = async {
        // Answered when everything before it is.
        let mut answered = pin!(client.simple_query(""));
        let mut heard = true;
        loop {
            heard &= token.cancel().await.is_ok();
            let again = pin!(tokio::time::sleep(CANCEL_AGAIN));
            if let Either::Left(_) = select(answered.as_mut(), again).await {
                break;
            }
        }
        // What a late request hits, instead of the end.
        let _hit = client.simple_query("").await;
        heard
    };
    // Without an answer, the end has nothing to wait for either, and closes the connection.
    within(CANCEL_LIMIT, cancelled).await.unwrap_or(false)
}

fn first_cell(messages: &[SimpleQueryMessage]) -> Option<&str> {
    messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    })
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("lane", &self.lane)
            .finish_non_exhaustive()
    }
}
