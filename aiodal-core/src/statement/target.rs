//! The relation that a statement is about: its columns, looked up and judged before anything is sent.

use std::sync::OnceLock;

use tokio_postgres::types::{ToSql, Type};

use super::bound::BoundStatement;
use super::param::Param;
use super::types::driver_type;
use super::wire::Wire;
use crate::error::{Error, Result};
use crate::schema::{Column, Table, TableKind};

/// A table, and what is done to it.
#[derive(Clone, Debug)]
pub(super) struct Target<'t> {
    pub(super) table: &'t Table,
    /// For errors: `insert into`.
    verb: &'static str,
    /// The driver's types, by the columns' places, made when they are needed.
    types: Vec<OnceLock<Type>>,
}

impl<'t> Target<'t> {
    pub(super) fn new(table: &'t Table, verb: &'static str) -> Target<'t> {
        let types = table.columns.iter().map(|_| OnceLock::new()).collect();
        Target { table, verb, types }
    }

    /// What is done, for errors: `insert into public.author`.
    pub(super) fn operation(&self) -> String {
        format!("{} {}", self.verb, self.table.name)
    }

    pub(super) fn refuse<T>(&self, reason: impl Into<String>) -> Result<T> {
        Err(Error::refused(&self.operation(), reason.into()))
    }

    /// Refuses what the server refuses of this kind of relation.
    pub(super) fn writable(&self) -> Result<()> {
        if self.table.kind == TableKind::MaterializedView {
            return self.refuse("it is a materialized view: refresh it instead");
        }
        Ok(())
    }

    pub(super) fn place(&self, name: &str) -> Result<usize> {
        self.table.column(name)?;
        let mut columns = self.table.columns.iter();
        let place = columns.position(|column| column.name == name);
        Ok(place.expect("the column was found above"))
    }

    pub(super) fn column(&self, place: usize) -> &'t Column {
        &self.table.columns[place]
    }

    /// Checks names that are only to be named.
    pub(super) fn names<'n>(
        &self,
        names: impl IntoIterator<Item = &'n str>,
    ) -> Result<Vec<&'t str>> {
        let names = names.into_iter();
        names
            .map(|name| Ok(&*self.column(self.place(name)?).name))
            .collect()
    }

    /// Encodes a value for a column.
    pub(super) fn param(&self, place: usize, value: &(dyn ToSql + Sync)) -> Result<Param> {
        let column = self.column(place);
        match Wire::encode(value, self.driver_type(place)) {
            Ok(wire) => Ok(Param {
                wire,
                what: format!("column \"{}\"", column.name),
            }),
            Err(reason) => self.refuse(format!(
                "column \"{}\" is {}: {reason}",
                column.name, column.data_type.sql
            )),
        }
    }

    pub(super) fn driver_type(&self, place: usize) -> &Type {
        self.types[place].get_or_init(|| driver_type(&self.column(place).data_type))
    }

    pub(super) fn push_table(&self, sql: &mut BoundStatement) -> Result<()> {
        sql.push_name(&self.table.name)
    }
}
