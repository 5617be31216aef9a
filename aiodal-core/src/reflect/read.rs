//! One reflection's statements, sent together, and their answers.

use std::pin::pin;

use futures_util::TryStreamExt;
use futures_util::future::{join, join_all, join4, join5};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use super::Bracket;
use super::assemble::Rows;
use super::catalog::{self, Scope};
use super::rows::{FromCatalog, TypeRow};
use crate::error::{Error, Result};

/// A statement with its parameters.
pub(super) type Choice<'a> = (String, Vec<(&'a (dyn ToSql + Sync), Type)>);

pub(super) struct Answer {
    /// A row of each.
    pub(super) choice: Vec<Row>,
    pub(super) rows: Rows,
}

/// Runs a reflection again if the catalogs have changed under it.
///
/// Expressions are written out by the catalogs as they are now and not as the snapshot has them, so that DDL of another
/// session can make that fail: "could not open relation with OID", "cache lookup failed".
pub(super) async fn retried(
    bracket: Bracket,
    attempt: impl AsyncFn() -> Result<Answer>,
) -> Result<Answer> {
    match attempt().await {
        Err(error)
            if bracket == Bracket::Transaction
                && error.code() == Some(&SqlState::INTERNAL_ERROR) =>
        {
            attempt().await
        }
        result => result,
    }
}

/// Sends everything, and reads the answers.
pub(super) async fn read(
    client: &Client,
    bracket: Bracket,
    choice: &[Choice<'_>],
    scope: Scope<'_>,
    functions: bool,
) -> Result<Answer> {
    let open = format!("{}; {}", bracket.open(), catalog::ASIDE);
    let functions = functions.then(|| catalog::functions(scope));
    let choose = choice
        .iter()
        .map(|(sql, params)| client.query_typed_one(sql, params));
    // Each of them sends what it has when it is polled for the first time: in this order, before any answer.
    let (opened, choice, (first, second), functions, closed) = join5(
        client.batch_execute(&open),
        join_all(choose),
        join(
            join5(
                ask(client, "relations", catalog::relations(scope)),
                ask(client, "columns", catalog::columns(scope)),
                ask(client, "constraints", catalog::constraints(scope)),
                ask(client, "indexes", catalog::indexes(scope)),
                ask(client, "operator classes", catalog::operator_classes(scope)),
            ),
            join5(
                ask(client, "parents", catalog::parents(scope)),
                ask(client, "sequences", catalog::sequences(scope)),
                ask(client, "types", catalog::types(scope, functions.is_some())),
                ask(client, "comments", catalog::comments(scope)),
                ask(client, "extensions", catalog::extensions(scope)),
            ),
        ),
        async {
            match functions {
                Some(sql) => ask(client, "functions", sql).await,
                None => Ok(Vec::new()),
            }
        },
        client.batch_execute(bracket.close()),
    )
    .await;
    opened
        .map_err(|error| Error::reflection("the schema: there is no transaction for it", error))?;
    let choice = choice
        .into_iter()
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| Error::reflection("the names that were given", error))?;
    let rows = Rows {
        relations: first.0?,
        columns: first.1?,
        constraints: first.2?,
        indexes: first.3?,
        operator_classes: first.4?,
        parents: second.0?,
        sequences: second.1?,
        types: second.2?,
        comments: second.3?,
        extensions: second.4?,
        functions: functions?,
    };
    closed.map_err(|error| Error::reflection("the schema: its end failed", error))?;
    let mut answer = Answer { choice, rows };
    let unknown = answer.rows.unknown_types();
    if !unknown.is_empty() {
        let more = more_types(client, bracket, scope, &unknown).await?;
        answer.rows.types.extend(more);
    }
    Ok(answer)
}

/// Asks for types that no dependency has told of: columns of a catalog's row type, or of a type new to the driver. Nearly
/// never are there any, so that another round trip is cheaper than to look for them every time.
async fn more_types(
    client: &Client,
    bracket: Bracket,
    scope: Scope<'_>,
    oids: &Vec<u32>,
) -> Result<Vec<TypeRow>> {
    let open = format!("{}; {}", bracket.open(), catalog::ASIDE);
    let namespaces = "select set_config('aiodal.namespaces', '', true)";
    let sql = catalog::more_types(scope);
    let (opened, _, answer, closed) = join4(
        client.batch_execute(&open),
        client.batch_execute(namespaces),
        client.query_typed(&sql, &[(oids, Type::OID_ARRAY)]),
        client.batch_execute(bracket.close()),
    )
    .await;
    opened
        .and(answer)
        .and_then(|rows| TypeRow::read_all(&rows))
        .and_then(|rows| closed.map(|()| rows))
        .map_err(|error| Error::reflection("types", error))
}

/// Runs a statement and decodes its rows as they come, while the server is at the next ones.
async fn ask<T: FromCatalog>(client: &Client, what: &'static str, sql: String) -> Result<Vec<T>> {
    let rows = async {
        let none: [(&(dyn ToSql + Sync), Type); 0] = [];
        let mut answer = pin!(client.query_typed_raw(&sql, none).await?);
        let mut rows = Vec::new();
        while let Some(row) = answer.try_next().await? {
            rows.push(T::read(&row)?);
        }
        Ok(rows)
    };
    rows.await.map_err(|error| Error::reflection(what, error))
}
