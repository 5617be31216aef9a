//! What the server says of somebody who waits for a lock.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aiodal_core::{BoxError, DatabaseUrl};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};

use crate::backend::{self, Running};
use crate::case::TestCase;

/// The `application_name` of the connection that looks.
const NAME: &str = "aiodal-locks";

/// Who waits, for what, and for whom: a row for each session in the way, those of one that waits side by side.
///
/// Which unique indexes the waiting session has open tells which key may be meant; the server names the one that is in the
/// context of the error alone.
const WAIT: &str = "
    select w.query, extract(epoch from clock_timestamp() - l.waitstart)::float8, l.locktype, l.mode,
        case when l.database = here.oid then l.relation::regclass::text end,
        (select t.relation::regclass::text from pg_locks t
            where t.pid = l.pid and t.locktype = 'tuple' and t.granted and t.database = here.oid limit 1),
        array(select format(E'%s\\t%s (%s)', c.relname, i.indrelid::regclass, (
                select string_agg(pg_get_indexdef(i.indexrelid, k, true), ', ' order by k)
                from generate_series(1, i.indnkeyatts) k))
            from pg_locks o join pg_index i on i.indexrelid = o.relation join pg_class c on c.oid = i.indexrelid
            where o.pid = l.pid and o.locktype = 'relation' and o.granted and o.database = here.oid and i.indisunique
            order by c.relname),
        blocking.pid, b.application_name, b.query, b.state, b.wait_event_type = 'Lock',
        extract(epoch from clock_timestamp() - b.xact_start)::float8, l.pid
    from pg_locks l
        join pg_stat_activity w on w.pid = l.pid
        cross join (select oid from pg_database where datname = current_database()) here
        cross join lateral unnest(pg_blocking_pids(l.pid)) as blocking(pid)
        left join pg_stat_activity b on b.pid = blocking.pid
    where not l.granted and case when $1 is null then w.datname = current_database() else l.pid = $1 end
    order by l.pid, b.xact_start";

/// Nothing is cancelled that has got its lock in the meantime.
const CANCEL: &str = "
    select pg_cancel_backend(pid) from pg_locks
    where pid = $1 and not granted and extract(epoch from clock_timestamp() - waitstart) >= $2";

/// A connection to look with.
pub(super) struct Look {
    url: DatabaseUrl,
    client: Arc<Client>,
    /// Drives the connection until this is dropped.
    _running: Running,
}

/// A statement that waits for a lock.
#[derive(Clone, Debug)]
pub(super) struct Wait {
    /// The process of the server that waits.
    pub(super) process: i32,
    pub(super) statement: String,
    pub(super) waited: Duration,
    /// The server's word for what is locked, such as `transactionid` (PostgreSQL manual, 54.12).
    pub(super) kind: String,
    pub(super) mode: String,
    /// The table or index that is locked as a whole, or a part of which is.
    pub(super) relation: Option<String>,
    /// The table one of whose rows it has got in line for.
    pub(super) row_of: Option<String>,
    /// The unique indexes that the statement has open.
    pub(super) indexes: Vec<UniqueIndex>,
    pub(super) blockers: Vec<Blocker>,
    /// Whether the test has the database to itself, and so waits for another of its own connections.
    pub(super) in_own_database: bool,
}

#[derive(Clone, Debug)]
pub(super) struct UniqueIndex {
    pub(super) name: String,
    /// Its table and columns.
    pub(super) on: String,
}

/// A session that is in the way.
#[derive(Clone, Debug)]
pub(super) struct Blocker {
    /// Its process; 0 for a prepared transaction.
    pub(super) process: i32,
    pub(super) application_name: Option<String>,
    /// Its statement, or the last one it had.
    pub(super) statement: Option<String>,
    pub(super) is_running: bool,
    /// Whether it waits for a lock itself.
    pub(super) is_waiting: bool,
    pub(super) open_for: Option<Duration>,
    /// The test that it is, where it is one of this process.
    pub(super) test: Option<TestCase>,
}

impl Look {
    /// Connects, on the current runtime.
    ///
    /// # Errors
    ///
    /// The server can't be reached, or refuses.
    pub(super) async fn connect(url: &DatabaseUrl) -> Result<Look, BoxError> {
        let mut backend = backend::connect(&url.with_application_name(NAME)).await?;
        let running = backend.start()?;
        Ok(Look {
            url: url.clone(),
            client: backend.client,
            _running: running,
        })
    }

    pub(super) fn is_of(&self, url: &DatabaseUrl) -> bool {
        self.url == *url
    }

    /// Returns what a process of the server is waiting for, if it waits for a lock; without one, who waits in the database.
    ///
    /// # Errors
    ///
    /// The connection is lost.
    pub(super) async fn waits(&self, process: Option<i32>) -> Result<Vec<Wait>, BoxError> {
        let rows = self
            .client
            .query_typed(WAIT, &[(&process, Type::INT4)])
            .await?;
        let waits = rows.chunk_by(|one, next| Wait::process_of(one) == Wait::process_of(next));
        Ok(waits
            .map(|rows| Wait::of(&rows[0], rows, process.is_none()))
            .collect())
    }

    /// Cancels the statement of a process that has waited for a lock for so long; says whether it did.
    ///
    /// # Errors
    ///
    /// The connection is lost, or the role may not.
    pub(super) async fn cancel(&self, process: i32, limit: Duration) -> Result<bool, BoxError> {
        let seconds = limit.as_secs_f64();
        let params: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 2] =
            [(&process, Type::INT4), (&seconds, Type::FLOAT8)];
        let row = self.client.query_typed_opt(CANCEL, &params).await?;
        Ok(row.is_some_and(|row| row.get(0)))
    }
}

impl Wait {
    fn of(first: &Row, rows: &[Row], in_own_database: bool) -> Wait {
        Wait {
            process: Wait::process_of(first),
            statement: first.get::<_, Option<_>>(0).unwrap_or_default(),
            // Not known in the very first moment.
            waited: seconds(first.get(1)).unwrap_or_default(),
            kind: first.get(2),
            mode: first.get(3),
            relation: first.get(4),
            row_of: first.get(5),
            indexes: indexes(first.get(6)),
            blockers: rows.iter().map(Blocker::of).collect(),
            in_own_database,
        }
    }

    fn process_of(row: &Row) -> i32 {
        row.get(13)
    }
}

impl Blocker {
    fn of(row: &Row) -> Blocker {
        let state: Option<&str> = row.get(10);
        Blocker {
            process: row.get(7),
            application_name: row.get(8),
            statement: row.get(9),
            is_running: state == Some("active"),
            is_waiting: row.get::<_, Option<bool>>(11).unwrap_or_default(),
            open_for: seconds(row.get(12)),
            test: None,
        }
    }
}

fn indexes(found: Vec<String>) -> Vec<UniqueIndex> {
    let split = |text: String| {
        let (name, on) = text.split_once('\t')?;
        Some(UniqueIndex {
            name: name.to_owned(),
            on: on.to_owned(),
        })
    };
    found.into_iter().filter_map(split).collect()
}

fn seconds(seconds: Option<f64>) -> Option<Duration> {
    seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
}

impl fmt::Debug for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Look")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
