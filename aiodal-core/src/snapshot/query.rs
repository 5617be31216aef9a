//! Takes a snapshot: the server makes text of every value, whatever its type.

use std::fmt::Write as _;

use tokio_postgres::Column as Described;
use tokio_postgres::types::{ToSql, Type};

use super::{Column, Snapshot};
use crate::error::{Error, Result};
use crate::transaction::Transaction;

/// What statements begin with whose rows another can go over.
const READABLE: [&str; 8] = [
    "select", "with", "values", "table", "insert", "update", "delete", "merge",
];

impl Transaction {
    /// Runs a query and returns its rows as a text table, for an assertion.
    ///
    /// Values of any type are shown as `psql` shows them, but for `timestamptz`, which is in UTC whatever the session's time
    /// zone. Statements that write and return rows do as well, unless they begin with WITH. Without ORDER BY rows come in
    /// any order: [`sorted`](Snapshot::sorted) makes it one.
    ///
    /// # Errors
    ///
    /// What the server refused; and a statement that returns no columns.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(tx: &aiodal_core::Transaction) -> aiodal_core::Result<()> {
    /// let authors = tx.snapshot("select name, born from author where born > $1 order by name", &[&1900]).await?;
    /// assert_eq!(
    ///     authors,
    ///     "name   | born
    ///      -------+-----
    ///      Hep    | 1970
    ///      Ursula | 1929
    ///      (2 rows)"
    /// );
    /// # Ok(())
    /// # }
    /// ```
    pub async fn snapshot(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Snapshot> {
        let lane = self.lane();
        let prepared = lane
            .unobserved(Box::pin(lane.held().client().prepare(sql)))
            .await?
            .map_err(|error| lane.failed(sql, error))?;
        let described = prepared.columns();
        if described.is_empty() {
            let reason = "it returns no rows: write it with RETURNING, or select what it has done";
            return Err(Error::refused(
                "take a snapshot of a statement",
                reason.to_owned(),
            ));
        }
        let rows = self.query(&as_text(sql, described), params).await?;
        let rows = rows
            .iter()
            .map(|row| (0..row.len()).map(|at| row.try_get(at)).collect())
            .collect::<Result<_, _>>();
        let rows = rows.map_err(|error| lane.failed(sql, error))?;
        Ok(Snapshot {
            columns: described.iter().map(Column::of).collect(),
            rows,
        })
    }
}

impl Column {
    fn of(described: &Described) -> Column {
        const NUMBERS: [Type; 6] = [
            Type::INT2,
            Type::INT4,
            Type::INT8,
            Type::FLOAT4,
            Type::FLOAT8,
            Type::NUMERIC,
        ];
        Column {
            name: described.name().to_owned(),
            is_number: NUMBERS.contains(described.type_()),
            redacted: false,
        }
    }
}

/// Returns the query whose columns are all text. They are renamed by position: two may have the same name.
fn as_text(sql: &str, columns: &[Described]) -> String {
    let sql = sql.trim().trim_end_matches(';');
    let word = sql.split(|c: char| !c.is_ascii_alphabetic()).next();
    let word = word.unwrap_or_default();
    // SHOW and EXPLAIN, which return text already.
    if !READABLE
        .iter()
        .any(|other| word.eq_ignore_ascii_case(other))
        && !sql.starts_with('(')
        && !sql.starts_with("--")
        && !sql.starts_with("/*")
    {
        return sql.to_owned();
    }
    let (mut names, mut texts) = (String::new(), String::new());
    for (at, column) in columns.iter().enumerate() {
        let comma = if at == 0 { "" } else { ", " };
        let _infallible = write!(names, "{comma}c{at}");
        let _infallible = if *column.type_() == Type::TIMESTAMPTZ {
            write!(texts, "{comma}(c{at} at time zone 'UTC')::text || '+00'")
        } else {
            write!(texts, "{comma}c{at}::text")
        };
    }
    format!("with aiodal_snapshot ({names}) as (\n{sql}\n) select {texts} from aiodal_snapshot")
}
