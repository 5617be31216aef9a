//! Reflection: from the catalogs of a database to a [`Schema`].
//!
//! [`catalog`] has the statements, [`rows`] what they return, and [`assemble`] makes data of it. All of them go out in one
//! pipeline, so that a reflection is one round trip, in one of two [brackets](Bracket). Of a single table it is asked first
//! only what tables [usually](Chosen::Usual) have.

mod assemble;
mod builtin;
mod catalog;
mod constraints;
mod functions;
mod indexes;
mod names;
mod options;
mod partitions;
mod read;
mod receive;
mod relation;
mod rows;
mod sequences;
mod types;

use std::sync::Arc;

use futures_util::FutureExt;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};

use self::assemble::{Assembled, assemble};
use self::catalog::{Chosen, Scope};
use self::names::{Wanted, no_table, quoted};
pub use self::options::Reflect;
use self::read::{First, read, retried};
#[doc(hidden)]
pub use self::receive::receive_only;
use self::rows::{FromCatalog, Listed, Namespaces};
use crate::error::{Error, Missing, Result};
use crate::nearest::nearest;
use crate::pool::{Held, server_version};
use crate::schema::{NameRef, Schema, Table};
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
            let held = lane.held();
            let version = version_of(held).await?;
            whole(held.client(), version, options, Bracket::Savepoint).await
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
        let version = server_version(client).await.map_err(no_version)?;
        whole(client, version, options, Bracket::Transaction).await
    }
}

impl Table {
    /// Reflects one relation as a transaction sees it: by its name, of any kind and in any schema.
    ///
    /// [`NameRef`] says how a name is read. It takes as long in a database of thousands of tables as in one of a few: one
    /// round trip, and another where columns have types of users, or where the table has what few have: partitions,
    /// parents, exclusion constraints. It changes nothing of the transaction, like [`Schema::reflect`].
    ///
    /// # Errors
    ///
    /// There is no relation of that name; the error names those that are near
    /// ([`is_not_found`](Error::is_not_found)). A transaction that has failed already, a lost connection.
    ///
    /// # Cancel safety
    ///
    /// As for [`Schema::reflect`]: of each round trip the end is sent with the beginning.
    pub async fn reflect<'a>(tx: &Transaction, name: impl Into<NameRef<'a>>) -> Result<Arc<Table>> {
        let (lane, name) = (tx.lane(), name.into());
        lane.unobserved(async {
            let held = lane.held();
            let version = version_of(held).await?;
            table(held.client(), version, name, Bracket::Savepoint).await
        })
        .await?
    }

    /// Reflects one relation over a connection, in a transaction of its own.
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
        let version = server_version(client).await.map_err(no_version)?;
        table(client, version, name, Bracket::Transaction).await
    }
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
        chosen: if options.one_by_one() {
            Chosen::Listed
        } else {
            Chosen::Schemas
        },
        version,
    };
    let mut wanted = Wanted::default();
    for name in options.only.iter().flatten() {
        wanted.add(NameRef::from(name))?;
    }
    let schemas: (&(dyn ToSql + Sync), Type) = (&options.schemas, Type::TEXT_ARRAY);
    let mut choice = vec![(catalog::namespaces(options), vec![schemas])];
    if scope.one_by_one() {
        let sql = catalog::listed(scope, options.only.is_some());
        choice.push((sql, wanted.params()));
    }
    let functions = options.functions && !scope.one_by_one();
    let answer = retried(bracket, || {
        read(client, bracket, First::Choices(&choice), scope, functions).boxed()
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
    sequences.retain(|sequence| scope.one_by_one() || schemas.contains(&sequence.name.schema));
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
/// By index only, so that it takes as long in a database of thousands of tables as in one of a few. One round trip, in which
/// what few relations have is not asked for; with types of users another one, and for all else that is rare all anew.
///
/// # Errors
///
/// There is none by that name: those that are near cost another round trip.
///
/// # Cancel safety
///
/// As for [`whole`], each round trip for itself.
pub(crate) async fn table(
    client: &Client,
    version: u32,
    name: NameRef<'_>,
    bracket: Bracket,
) -> Result<Arc<Table>> {
    let options = Reflect::default();
    let scope = Scope {
        options: &options,
        chosen: Chosen::Usual,
        version,
    };
    if let Some(table) = usual(client, scope, name, bracket).await? {
        return Ok(table);
    }
    let scope = Scope {
        chosen: Chosen::Listed,
        ..scope
    };
    let mut wanted = Wanted::default();
    wanted.add(name)?;
    let choice = vec![(catalog::one(), wanted.params())];
    let answer = retried(bracket, || {
        read(client, bracket, First::Choices(&choice), scope, false).boxed()
    })
    .await?;
    match assemble(answer.rows, scope)?.tables.pop() {
        Some(table) => Ok(table),
        None => Err(no_table(client, name).await),
    }
}

/// Reflects one relation if there is nothing rare about it, nor about where it was found.
async fn usual(
    client: &Client,
    scope: Scope<'_>,
    name: NameRef<'_>,
    bracket: Bracket,
) -> Result<Option<Arc<Table>>> {
    let found = catalog::found(&names::sql(name)?);
    let first = First::Found(&found);
    let rows = match read(client, bracket, first, scope, false).boxed().await {
        Ok(answer) => answer.rows,
        // A schema that may be looked into and not used, or catalogs that have changed meanwhile.
        Err(error)
            if matches!(
                error.code(),
                Some(&SqlState::INSUFFICIENT_PRIVILEGE | &SqlState::INTERNAL_ERROR)
            ) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    // A type may have been dropped since its column was read.
    if rows.rare() || !rows.unknown_types().is_empty() {
        return Ok(None);
    }
    Ok(assemble(rows, scope)?.tables.pop())
}

/// Returns the server's version, asking for it where it is not known.
pub(crate) async fn version_of(held: &Held) -> Result<u32> {
    held.ask_version().await.map_err(no_version)
}

fn no_version(error: tokio_postgres::Error) -> Error {
    Error::reflection("the server's version", error)
}
