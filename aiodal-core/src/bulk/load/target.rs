//! What a load has to know of the table that it copies into.

use futures_util::future::join;
use tokio_postgres::types::{ToSql, Type};

use super::copy::list;
use crate::bulk::convert::Session;
use crate::error::{Error, Result};
use crate::transaction::Transaction;

/// A table as COPY sees it, and the settings that the reading of values depends on.
#[derive(Debug)]
pub(super) struct Target {
    /// Of each column that is loaded: its type, and the type's modifier.
    pub(super) types: Vec<(Type, i32)>,
    pub(super) session: Session,
    /// Whether it makes a difference if the rows are in one COPY or in several. A trigger may see the rows of the whole
    /// statement; and rows may refer to later ones, which is checked when the statement ends.
    pub(super) one_copy: bool,
    /// Its own name, without its schema.
    pub(super) relation: String,
    /// `statement_timeout` in milliseconds; 0 is none.
    pub(super) statement_timeout: i64,
}

const SETTINGS: &str = "\
select pg_catalog.current_setting('DateStyle'), pg_catalog.current_setting('IntervalStyle'),
    pg_catalog.current_setting('TimeZone'), pg_catalog.current_setting('array_nulls'),
    pg_catalog.current_setting('server_encoding'), pg_catalog.current_setting('server_version_num')::pg_catalog.int4,
    c.relname::pg_catalog.text,
    (extract(epoch from pg_catalog.current_setting('statement_timeout')::pg_catalog.interval) * 1000)::pg_catalog.int8,
    exists (
        select from pg_catalog.pg_trigger t
        where (t.tgrelid = c.oid or t.tgrelid in (select relid from pg_catalog.pg_partition_tree(c.oid)))
            and not t.tgisinternal and t.tgenabled <> 'D' and t.tgtype & 4 <> 0
    ) or exists (
        select from pg_catalog.pg_constraint f
        where f.contype = 'f' and f.conrelid = c.oid and (
            f.confrelid = c.oid
            or pg_catalog.pg_partition_root(f.confrelid) = pg_catalog.pg_partition_root(c.oid)
        )
    )
from pg_catalog.pg_class c where c.oid = pg_catalog.to_regclass($1)";

impl Target {
    /// Asks the server, in one round trip unless a type is new to the connection. `table` is a name as SQL has it.
    pub(super) async fn describe(
        tx: &Transaction,
        table: &str,
        columns: &[String],
    ) -> Result<Target> {
        let lane = tx.lane();
        // Analysed and never run: it takes no privilege to select.
        let sql = format!("select {} from {table} limit 0", list(columns)?);
        let asked = lane.unobserved(Box::pin(async {
            let client = lane.held().client();
            let of: [(&(dyn ToSql + Sync), Type); 1] = [(&table, Type::TEXT)];
            let settings = client.query_typed_one(SETTINGS, &of);
            let (statement, settings) = join(client.prepare(&sql), settings).await;
            // The first is the cause if both have failed.
            let statement = statement.map_err(|error| Error::statement(&sql, error))?;
            let settings = settings.map_err(|error| Error::reflection("the settings", error))?;
            Ok::<_, Error>((statement, settings))
        }));
        let (statement, settings) = asked.await??;
        let read = || {
            Ok::<_, tokio_postgres::Error>(Target {
                types: Vec::new(),
                session: Session {
                    date_style: settings.try_get(0)?,
                    interval_style: settings.try_get(1)?,
                    time_zone: settings.try_get(2)?,
                    array_nulls: settings.try_get(3)?,
                    server_encoding: settings.try_get(4)?,
                    server_version: settings.try_get::<_, i32>(5)?.unsigned_abs(),
                },
                relation: settings.try_get(6)?,
                statement_timeout: settings.try_get(7)?,
                one_copy: settings.try_get(8)?,
            })
        };
        let target = read().map_err(|error| Error::reflection("the settings", error))?;
        let types = statement.columns().iter();
        Ok(Target {
            types: types
                .map(|column| (column.type_().clone(), column.type_modifier()))
                .collect(),
            ..target
        })
    }
}
