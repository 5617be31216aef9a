//! What ends a server that nobody uses: a loop inside the server itself.
//!
//! It needs no process of ours, survives every one of them, and dies with the server. Its own session holds two
//! advisory locks, by which others know it: [`REAPING`] for as long as it lives, so that there is only one,
//! and [`LEAVING`] from when it has decided to end the server.

use std::time::{Duration, Instant};

use aiodal_core::quote_literal;
use futures_util::future::{Either, select};
use tokio::time::{sleep, timeout};
use tokio_postgres::{Client, SimpleQueryMessage};

use super::Settings;
use super::connection::{self, PATIENCE, Refusal};
use super::error::ProvisionError;
use super::run::RunDirectory;
use crate::template::KEPT;

/// The first key of its locks, in the database `postgres`: "aiod".
const LOCKS: u32 = 0x6169_6f64;
const REAPING: u32 = 1;
const LEAVING: u32 = 2;

/// How often the sessions are counted at most: every half second costs a server 0.07 % of a core.
const RAREST: Duration = Duration::from_millis(500);
const MOST_OFTEN: Duration = Duration::from_millis(5);

/// What the reaper's session needs.
///
/// - Its client is gone by design, so the server must not look for it, and nothing may be sent to it.
/// - A test may set limits on its role, which is also the reaper's; these come before them.
pub(super) const OPTIONS: &str = "-c client_connection_check_interval=0 -c client_min_messages=error \
                       -c statement_timeout=0 -c lock_timeout=0 -c default_transaction_read_only=off";

/// How many looks there are between two commits of the loop.
const ROUNDS: u32 = 100;

/// Whether there is a session but the reaper's own.
const SESSIONS: &str = "EXISTS (SELECT FROM pg_stat_activity \
                        WHERE backend_type = 'client backend' AND pid <> pg_backend_pid())";

/// How many sessions there have been, as far as the server has counted: most are too short to be seen by a look now and
/// then, and in a run of many short processes there may be none at each look.
const COUNTED: &str = "(SELECT sum(sessions) FROM pg_stat_database)";

/// Ends the server at once. The backend's working directory is the data directory.
///
/// Without a row to copy, so that the program need not read its standard input: one that does not is an error.
const END: &str =
    "COPY (SELECT 1 WHERE false) TO PROGRAM 'read -r server <postmaster.pid && kill -QUIT $server'";

/// How long a server stays after its last session.
#[derive(Clone, Copy, Debug)]
pub(super) struct Linger {
    alone: Duration,
    /// While a test's database is kept on it.
    with_kept: Duration,
}

impl Linger {
    pub(super) fn of(settings: &Settings) -> Linger {
        Linger {
            alone: settings.linger(),
            with_kept: settings.linger_with_kept(),
        }
    }
}

/// The locks that the reaper holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Locks {
    pub(super) reaping: bool,
    pub(super) leaving: bool,
}

/// Which locks the reaper holds; `None` if the server has ended or is ending.
pub(super) async fn locks(
    client: &Client,
    run: &RunDirectory,
) -> Result<Option<Locks>, ProvisionError> {
    // What the view pg_locks selects from, without the third of the time that a new backend spends on the view.
    let text = format!(
        "SELECT objid FROM pg_lock_status()
         WHERE locktype = 'advisory' AND classid = {LOCKS} AND objsubid = 2 AND granted"
    );
    let answer = timeout(PATIENCE, client.simple_query(&text)).await;
    let messages =
        match answer.map_err(|_| ProvisionError::stuck(run.path(), "does not answer", PATIENCE))? {
            Ok(messages) => messages,
            Err(error) if error.is_closed() || connection::is_ending(&error) => return Ok(None),
            Err(error) => {
                return Err(ProvisionError::server("look at the reaper of", run.path())(
                    error,
                ));
            }
        };
    let holds = |lock: u32| {
        messages.iter().any(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0) == Some(&*lock.to_string()),
            _ => false,
        })
    };
    Ok(Some(Locks {
        reaping: holds(REAPING),
        leaving: holds(LEAVING),
    }))
}

/// Starts the reaper, and returns when `witness`, a connection to the same server, has seen it.
///
/// Two at once is impossible: the second finds the lock taken and returns.
pub(super) async fn install(
    witness: &Client,
    run: &RunDirectory,
    linger: Linger,
) -> Result<(), ProvisionError> {
    let mut config = connection::config(run, "postgres");
    let session =
        connection::connect_as(config.application_name("aiodal-reaper").options(OPTIONS)).await;
    let session = match session {
        Ok(session) => session,
        Err(Refusal::Silent) => {
            return Err(ProvisionError::stuck(
                run.path(),
                "does not answer",
                PATIENCE,
            ));
        }
        // Whoever asks looks at the server again, and finds it lost.
        Err(Refusal::NotServing(_)) => return Ok(()),
        Err(Refusal::Refused(error)) => {
            return Err(ProvisionError::server("connect the reaper to", run.path())(
                error,
            ));
        }
    };
    let program = program(linger);
    let begun = Instant::now();
    {
        let mut running = std::pin::pin!(session.client.batch_execute(&program));
        loop {
            match select(
                &mut running,
                std::pin::pin!(sleep(Duration::from_millis(1))),
            )
            .await
            {
                Either::Left((Err(error), _)) if error.as_db_error().is_some() => {
                    return Err(ProvisionError::server("install the reaper of", run.path())(
                        error,
                    ));
                }
                Either::Left(_) => break,
                Either::Right(_) => {}
            }
            if locks(witness, run).await?.is_none_or(|locks| locks.reaping) {
                break;
            }
            if begun.elapsed() >= PATIENCE {
                return Err(ProvisionError::stuck(
                    run.path(),
                    "does not run its reaper",
                    begun.elapsed(),
                ));
            }
        }
    }
    session.abandon();
    Ok(())
}

/// Ends a server at once, whoever uses it, and returns when it is ending.
pub(super) async fn end(client: &Client) {
    // The answer is the end of the connection; the signal alone may take effect later.
    let text = format!("{END}; SELECT pg_sleep(60)");
    let _lost = timeout(PATIENCE, client.batch_execute(&text)).await;
}

/// The loop. Time is counted in pauses, not read from a clock that a sleeping laptop turns forward.
///
/// A test that cancels every query cancels a round, not the reaper; the outer block is for a second cancel that comes
/// while the first is dealt with. Only outside of both can it commit, which it does now and then:
/// a transaction that stays open would hold back VACUUM in the catalogs that databases share. And what a transaction
/// has seen of the sessions it sees for ever, unless it is told to look again.
fn program(linger: Linger) -> String {
    let pause = (linger.alone / 4).clamp(MOST_OFTEN, RAREST);
    // One look without a session, even if there is no linger.
    let looks = |linger: Duration| linger.as_nanos().div_ceil(pause.as_nanos()).max(1);
    let (patience, with_kept) = (looks(linger.alone), looks(linger.with_kept));
    let kept = format!(
        "EXISTS (SELECT FROM pg_shdescription WHERE classoid = 'pg_database'::regclass \
         AND starts_with(description, {}))",
        quote_literal(KEPT)
    );
    let pause = pause.as_secs_f64();
    format!(
        "DO $reaper$
DECLARE
    idle bigint := 0;
    before numeric := {COUNTED};
    counted numeric;
    leaving boolean := false;
BEGIN
    IF NOT pg_try_advisory_lock({LOCKS}, {REAPING}) THEN
        RETURN;
    END IF;
    LOOP
        COMMIT;
        BEGIN
            FOR round IN 1..{ROUNDS} LOOP
                BEGIN
                    IF leaving THEN
                        PERFORM pg_advisory_unlock({LOCKS}, {LEAVING});
                        leaving := false;
                        idle := 0;
                    END IF;
                    PERFORM pg_sleep({pause});
                    PERFORM pg_stat_clear_snapshot();
                    counted := {COUNTED};
                    idle := CASE WHEN {SESSIONS} OR counted <> before THEN 0 ELSE idle + 1 END;
                    before := counted;
                    IF idle >= {patience} AND (idle >= {with_kept} OR NOT {kept}) THEN
                        leaving := true;
                        PERFORM pg_advisory_lock({LOCKS}, {LEAVING});
                        PERFORM pg_stat_clear_snapshot();
                        IF NOT {SESSIONS} THEN
                            {END};
                            PERFORM pg_sleep(60);
                        END IF;
                    END IF;
                EXCEPTION WHEN query_canceled OR OTHERS THEN
                    NULL;
                END;
            END LOOP;
        EXCEPTION WHEN query_canceled OR OTHERS THEN
            NULL;
        END;
    END LOOP;
END $reaper$"
    )
}
