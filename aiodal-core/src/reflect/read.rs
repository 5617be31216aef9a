//! One reflection's statements, sent together, and their answers.

use std::pin::pin;

use futures_util::TryStreamExt;
use futures_util::future::{BoxFuture, join, join_all, join4, join5};
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

#[derive(Clone, Copy)]
pub(super) enum First<'a> {
    /// What chooses, with names and opinions of the user's put aside.
    Choices(&'a [Choice<'a>]),
    /// What chooses before that, for [`Chosen::Usual`](catalog::Chosen::Usual).
    Found(&'a str),
}

impl First<'_> {
    fn open(self, bracket: Bracket) -> String {
        let (open, aside) = (bracket.open(), catalog::ASIDE);
        match self {
            First::Choices(_) => format!("{open}; {aside}"),
            First::Found(found) => format!("{open}; {found}; {aside}; {}", catalog::PLAINLY),
        }
    }

    fn choices(&self) -> &[Choice<'_>] {
        match self {
            First::Choices(choices) => choices,
            First::Found(_) => &[],
        }
    }
}

pub(super) struct Answer {
    /// A row of each of the choices.
    pub(super) choice: Vec<Row>,
    pub(super) rows: Rows,
}

/// Runs a reflection again if the catalogs have changed under it.
///
/// Expressions are written out by the catalogs as they are now and not as the snapshot has them, so that DDL of another
/// session can make that fail: "could not open relation with OID", "cache lookup failed". Of an index that is gone, the
/// definition is null (seen on 14), and its row can't be read.
pub(super) async fn retried<'a>(
    bracket: Bracket,
    attempt: impl Fn() -> BoxFuture<'a, Result<Answer>>,
) -> Result<Answer> {
    match attempt().await {
        Err(error) if bracket == Bracket::Transaction && has_changed(&error) => attempt().await,
        result => result,
    }
}

fn has_changed(error: &Error) -> bool {
    match error.code() {
        Some(code) => *code == SqlState::INTERNAL_ERROR,
        None => !error.is_connection_error(),
    }
}

/// Sends everything, and reads the answers.
pub(super) async fn read(
    client: &Client,
    bracket: Bracket,
    first: First<'_>,
    scope: Scope<'_>,
    functions: bool,
) -> Result<Answer> {
    let open = first.open(bracket);
    let functions = functions.then(|| catalog::functions(scope));
    let choose = first
        .choices()
        .iter()
        .map(|(sql, params)| client.query_typed_one(sql, params));
    // Hardly any column is of a type that is not every database's.
    let types = (!scope.usual()).then(|| catalog::types(scope, functions.is_some()));
    // Each of them sends what it has when it is polled for the first time: in this order, before any answer.
    let (opened, choice, (basic, more), functions, closed) = join5(
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
                ask(client, "types", types),
                ask(client, "comments", catalog::comments(scope)),
                ask(client, "extensions", catalog::extensions(scope)),
            ),
        ),
        ask(client, "functions", functions),
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
        relations: basic.0?,
        columns: basic.1?,
        constraints: basic.2?,
        indexes: basic.3?,
        operator_classes: basic.4?,
        parents: more.0?,
        sequences: more.1?,
        types: more.2?,
        comments: more.3?,
        extensions: more.4?,
        functions: functions?,
    };
    closed.map_err(|error| Error::reflection("the schema: its end failed", error))?;
    let mut answer = Answer { choice, rows };
    let unknown = answer.rows.unknown_types();
    // Where there is something rare, all is asked anew.
    let complete = unknown.is_empty() || scope.usual() && answer.rows.rare();
    if !complete {
        let more = more_types(client, bracket, scope, &unknown).await?;
        answer.rows.types.extend(more);
    }
    Ok(answer)
}

/// Asks for types that no dependency has told of: columns of a catalog's row type, or of a type new to the driver, and for
/// a single table all of the users'. Most often there are none, so that another round trip is cheaper than to look for them every time.
async fn more_types(
    client: &Client,
    bracket: Bracket,
    scope: Scope<'_>,
    oids: &Vec<u32>,
) -> Result<Vec<TypeRow>> {
    let (open, aside) = (bracket.open(), catalog::ASIDE);
    let open = format!("{open}; {aside}; {}", catalog::PLAINLY);
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
async fn ask<T: FromCatalog>(
    client: &Client,
    what: &'static str,
    sql: impl Into<Option<String>>,
) -> Result<Vec<T>> {
    let Some(sql) = sql.into() else {
        return Ok(Vec::new());
    };
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
