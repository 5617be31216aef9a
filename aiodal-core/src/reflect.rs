//! Reflection: from the catalogs of a database to a [`Schema`].
//!
//! [`catalog`] has the statements, [`rows`] what they return, and [`assemble`] makes data of it. All of them go out in one
//! pipeline, so that a reflection is one round trip, in one of two [brackets](Bracket).

mod assemble;
mod builtin;
mod catalog;
mod constraints;
mod functions;
mod indexes;
mod options;
mod partitions;
mod receive;
mod relation;
mod rows;
mod sequences;
mod types;

use std::pin::pin;
use std::sync::Arc;

use futures_util::TryStreamExt;
use futures_util::future::{join, join_all, join4, join5};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use self::assemble::{Assembled, Rows, assemble};
use self::catalog::Scope;
pub use self::options::Reflect;
#[doc(hidden)]
pub use self::receive::receive_only;
use self::rows::{FromCatalog, Listed, Names, Namespaces, TypeRow};
use crate::error::{Error, Missing, Result};
use crate::nearest::nearest;
use crate::schema::{NameRef, QualifiedName, Reading, Schema, Table};
use crate::transaction::Transaction;

/// What a reflection runs in, so that it sees one state and leaves none behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bracket {
    /// A transaction of its own, on a connection that has none open.
    Transaction,
    /// A savepoint, within a transaction: an error does not abort it, and what it has changed itself is seen.
    Savepoint,
}

impl Bracket {
    fn open(self) -> &'static str {
        match self {
            Bracket::Transaction => "begin isolation level repeatable read read only",
            Bracket::Savepoint => "savepoint aiodal_reflection",
        }
    }

    fn close(self) -> &'static str {
        match self {
            Bracket::Transaction => "rollback",
            Bracket::Savepoint => {
                "rollback to savepoint aiodal_reflection; release savepoint aiodal_reflection"
            }
        }
    }
}

impl Schema {
    /// Reflects the database of a transaction as the transaction sees it, its own uncommitted DDL included.
    ///
    /// Nothing of the transaction changes: the catalogs are read behind a savepoint that is rolled back, also if that
    /// fails. [`Reflect`] says what is read.
    ///
    /// ```no_run
    /// # async fn example(tx: &aiodal_core::Transaction) -> aiodal_core::Result<()> {
    /// use aiodal_core::{Reflect, Schema};
    ///
    /// let schema = Schema::reflect(tx, &Reflect::new()).await?;
    /// let author = schema.table("author")?;
    /// assert_eq!(author.column("id")?.data_type.sql, "integer");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A schema or relation that the options name and that does not exist, a transaction that has failed already, a lost
    /// connection.
    ///
    /// # Cancel safety
    ///
    /// Everything is sent at once: if the future is dropped, the transaction is as if it had never been polled.
    pub async fn reflect(tx: &Transaction, options: &Reflect) -> Result<Schema> {
        let lane = tx.lane();
        lane.unobserved(async {
            let version = server_version(lane.held().client()).await?;
            whole(lane.held().client(), version, options, Bracket::Savepoint).await
        })
        .await?
    }

    /// Reflects the database of a connection, in a transaction of its own and one round trip.
    ///
    /// The connection must have no transaction open: its end would be this one's end too.
    ///
    /// # Errors
    ///
    /// A schema or relation that the options name and that does not exist, a lost connection.
    ///
    /// # Cancel safety
    ///
    /// Everything is sent at once, its end included: if the future is dropped, the connection stays in order.
    pub async fn reflect_on(client: &Client, options: &Reflect) -> Result<Schema> {
        let version = server_version(client).await?;
        whole(client, version, options, Bracket::Transaction).await
    }
}

impl Table {
    /// Reflects one relation as a transaction sees it: by its name, of any kind and in any schema.
    ///
    /// [`NameRef`] says how a name is read. It takes as long in a database of thousands of tables as in one of a few, and
    /// changes nothing of the transaction, like [`Schema::reflect`].
    ///
    /// # Errors
    ///
    /// There is no relation of that name; the error names those that are near
    /// ([`is_not_found`](Error::is_not_found)). A transaction that has failed already, a lost connection.
    ///
    /// # Cancel safety
    ///
    /// As for [`Schema::reflect`].
    pub async fn reflect<'a>(tx: &Transaction, name: impl Into<NameRef<'a>>) -> Result<Arc<Table>> {
        let (lane, name) = (tx.lane(), name.into());
        lane.unobserved(async {
            let client = lane.held().client();
            let version = server_version(client).await?;
            table(client, version, name, Bracket::Savepoint).await
        })
        .await?
    }

    /// Reflects one relation over a connection, in a transaction of its own and one round trip.
    ///
    /// The connection must have no transaction open: its end would be this one's end too.
    ///
    /// # Errors
    ///
    /// There is no relation of that name; the error names those that are near
    /// ([`is_not_found`](Error::is_not_found)). A lost connection.
    ///
    /// # Cancel safety
    ///
    /// As for [`Schema::reflect_on`].
    pub async fn reflect_on<'a>(
        client: &Client,
        name: impl Into<NameRef<'a>>,
    ) -> Result<Arc<Table>> {
        let name = name.into();
        let version = server_version(client).await?;
        table(client, version, name, Bracket::Transaction).await
    }
}

/// Asks for `server_version_num`; for connections that have not kept it.
pub(crate) async fn server_version(client: &Client) -> Result<u32> {
    let sql = "select pg_catalog.current_setting('server_version_num')::pg_catalog.int4";
    let failed = |error| Error::reflection("the server's version", error);
    let row = client.query_typed_one(sql, &[]).await.map_err(failed)?;
    let version: i32 = row.try_get(0).map_err(failed)?;
    Ok(version.cast_unsigned())
}

/// Reflects what the options say. One round trip; if the catalogs change meanwhile, a second one.
///
/// # Cancel safety
///
/// All is sent on the first poll, the end of the bracket included. A dropped future leaves the connection in order.
pub(crate) async fn whole(
    client: &Client,
    version: u32,
    options: &Reflect,
    bracket: Bracket,
) -> Result<Schema> {
    let scope = Scope {
        options,
        one_by_one: options.one_by_one(),
        version,
    };
    let mut wanted = Wanted::default();
    for name in options.only.iter().flatten() {
        wanted.add(NameRef::from(name))?;
    }
    let schemas: (&(dyn ToSql + Sync), Type) = (&options.schemas, Type::TEXT_ARRAY);
    let mut choice = vec![(catalog::namespaces(options), vec![schemas])];
    if scope.one_by_one {
        let sql = catalog::listed(scope, options.only.is_some());
        choice.push((sql, wanted.params()));
    }
    let functions = options.functions && !scope.one_by_one;
    let answer = retried(bracket, async || {
        Box::pin(read(client, bracket, &choice, scope, functions)).await
    })
    .await?;

    let failed = |error| Error::reflection("the names that were given", error);
    let [namespaces, listed @ ..] = answer.choice.as_slice() else {
        return Err(Error::catalog("no schemas were chosen".to_owned()));
    };
    let namespaces = Namespaces::read(namespaces).map_err(failed)?;
    if let Some(name) = namespaces.missed.first() {
        let all = namespaces.all.iter().flatten();
        return Err(Error::missing(Missing {
            what: "schema",
            name: format!("\"{name}\""),
            place: "this database".to_owned(),
            near: quoted(&nearest(name, all.map(String::as_str))),
        }));
    }
    let mut schemas = namespaces.chosen;
    schemas.sort_unstable();
    if let [listed] = listed {
        let listed = Listed::read(listed).map_err(failed)?;
        if let Some(name) = wanted.missed(&listed, options) {
            let all = listed.all.iter().flatten().map(String::as_str);
            let bare = name.rsplit('.').next().unwrap_or(name);
            return Err(Error::missing(Missing {
                what: "relation",
                name: format!("\"{name}\""),
                place: schemas.join(", "),
                near: quoted(&nearest(bare, all)),
            }));
        }
    }
    let Assembled {
        tables,
        types,
        mut sequences,
        functions,
    } = assemble(answer.rows, scope)?;
    // A partition may count by a sequence of a schema that was not asked for.
    sequences.retain(|sequence| scope.one_by_one || schemas.contains(&sequence.name.schema));
    Ok(Schema {
        server_version: version,
        search_path: namespaces.search_path,
        schemas,
        tables,
        types,
        sequences,
        functions,
    })
}

/// Reflects one relation, of any kind and in any schema.
///
/// By index only, so that it takes as long in a database of thousands of tables as in one of a few. One round trip.
///
/// # Errors
///
/// There is none by that name: those that are near cost another round trip.
///
/// # Cancel safety
///
/// As for [`whole`].
pub(crate) async fn table(
    client: &Client,
    version: u32,
    name: NameRef<'_>,
    bracket: Bracket,
) -> Result<Arc<Table>> {
    let options = Reflect::default();
    let scope = Scope {
        options: &options,
        one_by_one: true,
        version,
    };
    let mut wanted = Wanted::default();
    wanted.add(name)?;
    let choice = vec![(catalog::one(), wanted.params())];
    let answer = retried(bracket, async || {
        Box::pin(read(client, bracket, &choice, scope, false)).await
    })
    .await?;
    match assemble(answer.rows, scope)?.tables.pop() {
        Some(table) => Ok(table),
        None => Err(no_table(client, name).await),
    }
}

/// Tells a failure to ask for the server's version.
pub(crate) fn no_version(error: tokio_postgres::Error) -> Error {
    Error::reflection("the server's version", error)
}

/// Says that [`table`] has found nothing, and what is near.
async fn no_table(client: &Client, name: NameRef<'_>) -> Error {
    let readings = match name.readings() {
        Ok(readings) => readings,
        Err(error) => return error,
    };
    let within: Vec<String> = readings
        .iter()
        .filter_map(|reading| reading.schema.clone())
        .collect();
    let answer = client
        .query_typed_one(catalog::NAMES, &[(&within, Type::TEXT_ARRAY)])
        .await
        .and_then(|row| Names::read(&row));
    let Names {
        search_path,
        schemas,
        relations,
    } = match answer {
        Ok(names) => names,
        Err(error) => return Error::reflection("the names of tables", error),
    };
    let pairs = schemas.into_iter().flatten();
    let pairs = pairs.zip(relations.into_iter().flatten());
    let all: Vec<QualifiedName> = pairs
        .map(|(schema, name)| QualifiedName { schema, name })
        .collect();
    let mut places = if within.is_empty() {
        search_path.clone()
    } else {
        within
    };
    places.dedup();
    let looked_in = Schema {
        schemas: places,
        search_path,
        ..Schema::default()
    };
    looked_in.missed("table", name, &readings, all.iter())
}

fn quoted(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| format!("\"{name}\"")).collect()
}

/// Names to be found by the server: parallel arrays, a row for each reading of each.
#[derive(Default)]
struct Wanted {
    asked: Vec<i32>,
    readings: Vec<i32>,
    schemas: Vec<Option<String>>,
    names: Vec<String>,
    count: i32,
}

impl Wanted {
    fn add(&mut self, name: NameRef<'_>) -> Result<()> {
        // The server would cut a longer name, and find another one.
        const LONGEST: usize = 63;
        let readings = name.readings()?;
        for (reading, Reading { schema, name }) in (0..).zip(readings) {
            if name.len() <= LONGEST {
                self.asked.push(self.count);
                self.readings.push(reading);
                self.schemas.push(schema);
                self.names.push(name);
            }
        }
        self.count += 1;
        Ok(())
    }

    fn params(&self) -> Vec<(&(dyn ToSql + Sync), Type)> {
        vec![
            (&self.asked, Type::INT4_ARRAY),
            (&self.readings, Type::INT4_ARRAY),
            (&self.schemas, Type::TEXT_ARRAY),
            (&self.names, Type::TEXT_ARRAY),
        ]
    }

    /// Returns the first name that means nothing.
    fn missed<'a>(&self, listed: &Listed, options: &'a Reflect) -> Option<&'a str> {
        let only = options.only.as_deref().unwrap_or_default();
        let missed = |at: &usize| {
            let at = i32::try_from(*at).unwrap_or_default();
            listed.missed.contains(&at) || !self.asked.contains(&at)
        };
        (0..only.len()).find(missed).map(|at| only[at].as_str())
    }
}

/// A statement with its parameters.
type Choice<'a> = (String, Vec<(&'a (dyn ToSql + Sync), Type)>);

struct Answer {
    /// A row of each.
    choice: Vec<Row>,
    rows: Rows,
}

/// Runs a reflection again if the catalogs have changed under it.
///
/// Expressions are written out by the catalogs as they are now and not as the snapshot has them, so that DDL of another
/// session can make that fail: "could not open relation with OID", "cache lookup failed".
async fn retried(bracket: Bracket, attempt: impl AsyncFn() -> Result<Answer>) -> Result<Answer> {
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
async fn read(
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
