//! What stands behind FROM: a table under another name, or a function called with arguments.

use std::fmt;
use std::sync::Arc;

use tokio_postgres::types::ToSql;

use super::bound::BoundStatement;
use super::overload::{Arguments, resolve};
use super::select::Select;
use crate::error::Result;
use crate::ident::quote_ident;
use crate::schema::{Column, Function, QualifiedName, Table, TableKind};

/// A reflected table or set-returning function, under a name of its choice.
///
/// It prints as SQL, for text of one's own, and has a [`select`](TableSource::select):
///
/// ```no_run
/// # async fn example(tx: &aiodal_core::Transaction, orders: &std::sync::Arc<aiodal_core::schema::Table>) -> aiodal_core::Result<()> {
/// use aiodal_core::TableSource;
///
/// let recent = TableSource::table(orders)?.alias("recent")?; // "sales"."orders" as "recent"
/// let rows = tx.query(&format!("select recent.id from {recent} where recent.total > $1"), &[&10]).await?;
/// let same = recent.select().columns(["id"]).filter("total", &10).fetch_all(tx).await?;
/// # Ok(())
/// # }
/// ```
///
/// The arguments of a function are parameters, numbered from `$1` or
/// [another number](TableSource::first_parameter); [`params`](TableSource::params) are their values. Each is cast to the argument's type, so that the server finds
/// the same one of several functions of that name.
#[derive(Clone, Debug)]
pub struct TableSource {
    /// What the rows look like; of a function, as if it were a view.
    shape: Arc<Table>,
    /// Quoted.
    name: String,
    /// Quoted.
    alias: Option<String>,
    /// Of a function with one column: its name in parentheses. Without it the alias would rename that as well.
    only_column: String,
    /// Of a function: each argument, and the type that it is cast to.
    arguments: Option<Arguments>,
    first_parameter: usize,
}

impl TableSource {
    /// Makes one of a table.
    ///
    /// # Errors
    ///
    /// A name that cannot be quoted.
    pub fn table(table: &Arc<Table>) -> Result<TableSource> {
        Ok(TableSource {
            name: quoted(&table.name)?,
            shape: table.clone(),
            alias: None,
            only_column: String::new(),
            arguments: None,
            first_parameter: 1,
        })
    }

    /// Makes one of a function, called with these arguments, by position.
    ///
    /// Of several functions the one is called that takes as many arguments, defaults and VARIADIC considered, of types
    /// that the values convert to; if there are more, the one that takes all of them as they are.
    /// The columns of one that returns a bare `record` have to be declared, in text of one's own.
    ///
    /// # Errors
    ///
    /// None of the functions, or more than one, can be meant: they are listed.
    pub fn function<'f>(
        overloads: impl IntoIterator<Item = &'f Arc<Function>>,
        arguments: &[&(dyn ToSql + Sync)],
    ) -> Result<TableSource> {
        let overloads: Vec<_> = overloads.into_iter().collect();
        let (function, arguments) = resolve(&overloads, arguments)?;
        Ok(TableSource {
            name: quoted(&function.name)?,
            shape: Arc::new(shape(function)),
            alias: None,
            only_column: match &*function.columns {
                [only] => format!("({})", quote_ident(&only.name)?),
                _ => String::new(),
            },
            arguments: Some(arguments),
            first_parameter: 1,
        })
    }

    /// Gives it another name: `as "name"`.
    ///
    /// # Errors
    ///
    /// A name that cannot be quoted.
    pub fn alias(mut self, name: &str) -> Result<TableSource> {
        self.alias = Some(quote_ident(name)?);
        Ok(self)
    }

    /// Numbers the parameters of a function from here when it is printed, rather than from 1.
    #[must_use]
    pub fn first_parameter(mut self, number: usize) -> TableSource {
        self.first_parameter = number;
        self
    }

    /// Returns the values of its parameters: what goes with the printed form.
    #[must_use]
    pub fn params(&self) -> Vec<&(dyn ToSql + Sync)> {
        let arguments = self.arguments.iter().flatten();
        arguments.map(|(param, _)| param as _).collect()
    }

    /// Returns its columns; of a function, as far as it says.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.shape.columns
    }

    /// Begins a SELECT from it.
    pub fn select(&self) -> Select<'_> {
        Select::new(&self.shape, Some(self))
    }

    pub(super) fn push(&self, sql: &mut BoundStatement) {
        let first = sql.params.len() + 1;
        sql.push(&self.text(first));
        let arguments = self.arguments.iter().flatten();
        sql.params.extend(arguments.map(|(param, _)| param.clone()));
    }

    fn text(&self, first: usize) -> String {
        let mut text = self.name.clone();
        if let Some(arguments) = &self.arguments {
            let casts = arguments.iter().enumerate();
            let casts: Vec<String> = casts
                .map(|(index, (_, data_type))| format!("${}::{data_type}", first + index))
                .collect();
            text = format!("{text}({})", casts.join(", "));
        }
        match &self.alias {
            Some(alias) => format!("{text} as {alias}{}", self.only_column),
            None => text,
        }
    }
}

/// As SQL.
impl fmt::Display for TableSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(self.first_parameter))
    }
}

fn quoted(name: &QualifiedName) -> Result<String> {
    Ok(format!(
        "{}.{}",
        quote_ident(&name.schema)?,
        quote_ident(&name.name)?
    ))
}

/// The rows of a function as a relation: columns, and no keys.
fn shape(function: &Function) -> Table {
    let columns = function.columns.iter().zip(1..);
    let columns = columns
        .map(|(field, position)| Column {
            name: field.name.clone(),
            position,
            data_type: field.data_type.clone(),
            not_null: false,
            default: None,
            generated: None,
            identity: None,
            sequence: None,
            collation: None,
            comment: None,
        })
        .collect();
    Table::bare(function.name.clone(), TableKind::View, columns)
}
