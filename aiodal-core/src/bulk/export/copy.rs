//! The COPY that an export is.

use std::collections::BTreeSet;

use tokio_postgres::types::{ToSql, Type};

use super::literals::{Described, describe};
use super::options::{csv_options, has_header, text_options};
use super::records::Shape;
use crate::SqlState;
use crate::bulk::format::{Format, JsonLines};
use crate::error::{Error, Missing, Result};
use crate::ident::quote_ident;
use crate::nearest::nearest;
use crate::schema::NameRef;
use crate::statement::text::{first_word, single_statement};
use crate::transaction::{CopyOut, Transaction};

/// What queries are called where they need a name.
const QUERY: &str = "aiodal_row";

/// What is exported.
pub(super) enum What<'a> {
    Table(NameRef<'a>),
    Query(String, &'a [&'a (dyn ToSql + Sync)]),
}

/// A COPY, ready to be sent.
#[derive(Debug)]
pub(super) struct Copy {
    pub(super) sql: String,
    /// The same without the values of parameters: for errors and observers.
    pub(super) shown: String,
    pub(super) shape: Shape,
    /// Whether the query is a part of another.
    nested: bool,
}

/// A query in its two texts, and its columns if they were asked for.
struct Query {
    sql: String,
    shown: String,
    columns: Option<Vec<(String, Option<Type>)>>,
    nested: bool,
}

impl Copy {
    /// Makes one, asking the server what it takes to.
    ///
    /// The transaction has failed if this does.
    pub(super) async fn of(
        what: &What<'_>,
        only: &[String],
        format: &Format,
        tx: &mut Transaction,
    ) -> Result<Copy> {
        let query = match what {
            What::Table(name) => Query::of_table(*name, only, tx).await?,
            What::Query(..) if !only.is_empty() => {
                let reason = "`columns` is for tables: name them in the query".to_owned();
                return Err(Error::refused("export a query", reason));
            }
            What::Query(sql, params) => {
                let sql = single_statement(sql, "export a query")?;
                let header = match format {
                    Format::Csv(csv) => has_header(csv.header),
                    Format::Text(text) => has_header(text.header),
                    Format::JsonLines(_) | Format::Binary(_) => false,
                };
                // JSON is made of columns.
                if params.is_empty() && !matches!(format, Format::JsonLines(_)) {
                    Query::plain(sql)
                } else {
                    let described = describe(tx, sql, params).await?;
                    Query::described(sql, described, header)?
                }
            }
        };
        query.copied(format)
    }

    /// Starts it.
    pub(super) async fn start<'t>(&self, tx: &'t mut Transaction) -> Result<CopyOut<'t>> {
        let started = tx.copy_out_as(&self.shown, &self.sql).await;
        started.map_err(|error| {
            if self.nested && error.code() == Some(&SqlState::FEATURE_NOT_SUPPORTED) {
                let reason = "a WITH that changes data can't be a part of another query: for JSON lines have it return one \
                     column of type json or jsonb, exported `into_column`; for a header give the parameters that are columns names";
                return error.explained("export a query", reason.to_owned());
            }
            error
        })
    }
}

impl Query {
    fn plain(sql: &str) -> Query {
        Query {
            sql: sql.to_owned(),
            shown: sql.to_owned(),
            columns: None,
            nested: false,
        }
    }

    /// Through a query, and not `COPY table`: the same of views, partitioned tables and those that others inherit from.
    async fn of_table(name: NameRef<'_>, only: &[String], tx: &Transaction) -> Result<Query> {
        let table = tx.table(name).await?;
        let names: Vec<&str> = if only.is_empty() {
            let stored = table.columns.iter();
            let stored = stored.filter(|column| column.generated.is_none());
            stored.map(|column| column.name.as_str()).collect()
        } else {
            for name in only {
                table.column(name)?;
            }
            only.iter().map(String::as_str).collect()
        };
        let quoted: Vec<String> = names
            .iter()
            .copied()
            .map(quote_ident)
            .collect::<Result<_>>()?;
        let sql = format!(
            "select {} from {}.{}",
            quoted.join(", "),
            quote_ident(&table.name.schema)?,
            quote_ident(&table.name.name)?
        );
        let columns = names.iter().map(|name| ((*name).to_owned(), None));
        Ok(Query {
            columns: Some(columns.collect()),
            ..Query::plain(&sql)
        })
    }

    fn described(sql: &str, described: Described, header: bool) -> Result<Query> {
        let mut query = Query {
            sql: described.sql,
            ..Query::plain(sql)
        };
        let names: Vec<&str> = described
            .columns
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        // A column that is nothing but a parameter has this name, and one that is a literal that of its type.
        if header && names.contains(&"?column?") && !changes_data(sql) {
            let renamed = |sql: &str| -> Result<String> {
                Ok(format!(
                    "select * from (\n{sql}\n) as {QUERY}{}",
                    list(&names)?
                ))
            };
            (query.sql, query.shown) = (renamed(&query.sql)?, renamed(&query.shown)?);
            query.nested = true;
        }
        let columns = described.columns.into_iter();
        query.columns = Some(columns.map(|(name, of)| (name, Some(of))).collect());
        Ok(query)
    }

    fn copied(self, format: &Format) -> Result<Copy> {
        match format {
            Format::Csv(csv) => {
                let header = has_header(csv.header);
                Ok(self.copy(&csv_options(csv)?, Shape::Lines { header }))
            }
            Format::Text(text) => {
                let header = has_header(text.header);
                Ok(self.copy(&text_options(text), Shape::Lines { header }))
            }
            Format::Binary(_) => Ok(self.copy("format binary", Shape::Tuples)),
            // In binary nothing is escaped, so that nothing has to be undone: the text format doubles backslashes, and CSV
            // quotes.
            Format::JsonLines(lines) => {
                let (query, shape) = self.into_json(lines)?;
                Ok(query.copy("format binary", shape))
            }
        }
    }

    fn copy(self, options: &str, shape: Shape) -> Copy {
        // The query may end in a comment.
        let copy = |sql: &str| format!("copy (\n{sql}\n) to stdout ({options})");
        Copy {
            sql: copy(&self.sql),
            shown: copy(&self.shown),
            shape,
            nested: self.nested,
        }
    }

    /// Has it return one column of JSON.
    fn into_json(self, lines: &JsonLines) -> Result<(Query, Shape)> {
        let columns = self.columns.as_deref().unwrap_or_default();
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        let value = match &lines.record {
            None => {
                let mut seen = BTreeSet::new();
                if let Some(twice) = names.iter().find(|name| !seen.insert(**name)) {
                    let reason = format!(
                        "two columns are called {twice}: give one of them another name, or one key has two values"
                    );
                    return Err(Error::refused("export JSON lines", reason));
                }
                format!("pg_catalog.row_to_json({QUERY}.*)")
            }
            Some(record) => {
                let Some((_, of)) = columns.iter().find(|(name, _)| name == record) else {
                    return Err(missing(record, &names));
                };
                match (columns, of) {
                    // As it is: a query that changes data takes no query around it.
                    ([_], Some(Type::JSON)) => return Ok((self, Shape::Json)),
                    ([_], Some(Type::JSONB)) => return Ok((self, Shape::Jsonb)),
                    _ => format!("pg_catalog.to_json({QUERY}.{})", quote_ident(record)?),
                }
            }
        };
        let names = list(&names)?;
        let wrap = |sql: &str| {
            if changes_data(sql) {
                format!("with {QUERY}{names} as (\n{sql}\n) select {value} from {QUERY}")
            } else {
                format!("select {value} from (\n{sql}\n) as {QUERY}{names}")
            }
        };
        let query = Query {
            sql: wrap(&self.sql),
            shown: wrap(&self.shown),
            columns: None,
            nested: true,
        };
        Ok((query, Shape::Json))
    }
}

/// Whether a query has to be a WITH to be a part of another. One that has such a WITH itself can't be one.
fn changes_data(sql: &str) -> bool {
    let word = first_word(sql);
    ["insert", "update", "delete", "merge"]
        .iter()
        .any(|verb| word.eq_ignore_ascii_case(verb))
}

/// Returns names in parentheses; nothing if there are none.
fn list(names: &[&str]) -> Result<String> {
    if names.is_empty() {
        return Ok(String::new());
    }
    let quoted: Vec<String> = names
        .iter()
        .copied()
        .map(quote_ident)
        .collect::<Result<_>>()?;
    Ok(format!("({})", quoted.join(", ")))
}

fn missing(column: &str, names: &[&str]) -> Error {
    let near = nearest(column, names.iter().copied());
    Error::missing(Missing {
        what: "column",
        name: column.to_owned(),
        place: "what is exported".to_owned(),
        near: near.iter().map(|near| format!("\"{near}\"")).collect(),
    })
}
