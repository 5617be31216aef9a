//! Statements on reflected tables, without writing SQL: [`Insert`], [`Upsert`], [`Update`], [`Delete`], [`Select`].
//!
//! They are made by a [`Table`], name columns and take values, and end in a verb that takes the transaction:
//!
//! ```no_run
//! # async fn example(tx: &aiodal_core::Transaction, author: &aiodal_core::schema::Table) -> aiodal_core::Result<()> {
//! let id: i32 = author.insert().set("name", &"Hep").returning(["id"]).fetch_one(tx).await?.get(0);
//! author.update().set("born", &1907).key(&[&id]).execute(tx).await?;
//! let row = author.select().key(&[&id]).fetch_one(tx).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Columns are checked against the table before anything is sent, and what is refused is returned by the verb. The same
//! calls make the same text, so that it is prepared once.
//!
//! # Values
//!
//! A value is encoded when it is given, so that builders hold no references to it. What a column's type takes as it is
//! goes as it is. Besides:
//!
//! | value | column | how |
//! | --- | --- | --- |
//! | an integer | another integer, `numeric`, a float | if the value is the same |
//! | `f64`, `f32` | the other one, `numeric` | rounded to the nearest, as SQL assigns |
//! | a string | any: an enum, `uuid`, `numeric`, `timestamptz`, a composite … | read as SQL reads a quoted literal |
//! | a vector of these | an array | each element |
//! | any | a domain | as what the domain is over |
//!
//! Nothing else converts; a timestamp without a time zone in particular never becomes one with. `None` is null wherever a value of its type would go.

mod arbiter;
mod array;
mod bound;
mod choice;
mod condition;
mod convert;
mod hints;
mod insert;
mod number;
mod overload;
mod page;
mod param;
mod returning;
mod rows;
#[cfg(feature = "sea-query")]
mod sea_query;
mod select;
mod source;
mod staged;
mod target;
pub(crate) mod text;
mod types;
mod update;
mod upsert;
mod verbs;
mod wire;

pub use self::arbiter::{Arbiter, ArbiterElement, ArbiterKind};
pub use self::bound::BoundStatement;
pub(crate) use self::choice::Choice;
pub use self::insert::Insert;
pub use self::page::Page;
#[cfg(feature = "sea-query")]
pub use self::sea_query::SeaQuery;
pub use self::select::Select;
pub use self::source::TableSource;
pub(crate) use self::staged::{Action, OnConflict, StagedRows, Upserting};
pub use self::update::{Delete, Update};
pub use self::upsert::Upsert;

use crate::schema::Table;

impl Table {
    /// Begins an INSERT into it.
    pub fn insert(&self) -> Insert<'_> {
        Insert::new(self)
    }

    /// Begins an INSERT .. ON CONFLICT into it.
    pub fn upsert(&self) -> Upsert<'_> {
        Upsert::new(self)
    }

    /// Begins an UPDATE of it.
    pub fn update(&self) -> Update<'_> {
        Update::new(self)
    }

    /// Begins a DELETE from it.
    pub fn delete(&self) -> Delete<'_> {
        Delete::new(self)
    }

    /// Begins a SELECT from it.
    pub fn select(&self) -> Select<'_> {
        Select::new(self, None)
    }
}
