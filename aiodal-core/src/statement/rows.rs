//! The rows of an INSERT, before they are SQL.

use tokio_postgres::types::ToSql;

use super::bound::BoundStatement;
use super::param::Param;
use super::target::Target;
use crate::error::Result;

/// Rows with values for columns; where a row has none for a column that another has, it takes the default.
#[derive(Debug, Default)]
pub(super) struct Rows {
    rows: Vec<Row>,
    pub(super) overriding: bool,
}

type Row = Vec<(usize, Cell)>;

/// What a row has for a column.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    Value(Param),
    Default,
    Sql(String),
}

impl Cell {
    pub(super) fn push(&self, sql: &mut BoundStatement) {
        match self {
            Cell::Value(param) => sql.push_param(param.clone()),
            Cell::Default => sql.push("default"),
            Cell::Sql(text) => sql.push(text),
        }
    }
}

impl Rows {
    /// Gives the last row a value, the first one if there is none yet.
    pub(super) fn set(&mut self, target: &Target<'_>, name: &str, cell: Cell) -> Result<()> {
        let place = target.place(name)?;
        self.put(target, place, cell)
    }

    pub(super) fn set_value(
        &mut self,
        target: &Target<'_>,
        name: &str,
        value: &(dyn ToSql + Sync),
    ) -> Result<()> {
        let place = target.place(name)?;
        self.put(target, place, Cell::Value(target.param(place, value)?))
    }

    /// Adds a row.
    pub(super) fn values(
        &mut self,
        target: &Target<'_>,
        values: &[(&str, &(dyn ToSql + Sync))],
    ) -> Result<()> {
        self.rows.push(Vec::with_capacity(values.len()));
        for (name, value) in values {
            self.set_value(target, name, *value)?;
        }
        Ok(())
    }

    fn put(&mut self, target: &Target<'_>, place: usize, cell: Cell) -> Result<()> {
        if self.rows.is_empty() {
            self.rows.push(Row::new());
        }
        let Some(row) = self.rows.last_mut() else {
            return Ok(());
        };
        if row.iter().any(|(other, _)| *other == place) {
            return target.refuse(format!(
                "column \"{}\" is given twice in one row",
                target.column(place).name
            ));
        }
        row.push((place, cell));
        Ok(())
    }

    /// The places of the columns that some row has something for, in the table's order.
    pub(super) fn places(&self) -> Vec<usize> {
        let mut places: Vec<usize> = self.cells().map(|(place, _)| *place).collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    fn cells(&self) -> impl Iterator<Item = &(usize, Cell)> {
        self.rows.iter().flatten()
    }

    /// Says whether every row has a value of its own for a column.
    pub(super) fn supplies(&self, place: usize) -> bool {
        !self.rows.is_empty()
            && self
                .rows
                .iter()
                .all(|row| matches!(cell(row, place), Some(Cell::Value(_) | Cell::Sql(_))))
    }

    /// The values that each row has for some columns; `None` where they are not known here.
    pub(super) fn keys<'r>(
        &'r self,
        places: &'r [usize],
    ) -> impl Iterator<Item = Option<Vec<&'r Param>>> {
        self.rows.iter().map(move |row| {
            let values = places.iter().map(|place| match cell(row, *place) {
                Some(Cell::Value(param)) => Some(param),
                _ => None,
            });
            values.collect()
        })
    }

    /// The columns that must not be null, have no default and are left to it.
    ///
    /// A trigger may fill them all the same, so that this explains an error and never is one.
    pub(super) fn left_out(&self, target: &Target<'_>) -> Vec<String> {
        let columns = target.table.columns.iter().enumerate();
        columns
            .filter(|(place, column)| {
                column.not_null
                    && column.default.is_none()
                    && column.generated.is_none()
                    && column.identity.is_none()
                    && !self.supplies(*place)
            })
            .map(|(_, column)| column.name.clone())
            .collect()
    }

    /// Writes `insert into .. values ..`.
    pub(super) fn push(
        &self,
        target: &Target<'_>,
        alias: Option<&str>,
        sql: &mut BoundStatement,
    ) -> Result<()> {
        target.writable()?;
        self.check(target)?;
        sql.push("insert into ");
        target.push_table(sql)?;
        if let Some(alias) = alias {
            sql.push(" as ");
            sql.push_ident(alias)?;
        }
        let places = self.places();
        if places.is_empty() {
            if self.rows.len() > 1 {
                return target.refuse("its rows have no values: insert them one by one");
            }
            sql.push(" default values");
            return Ok(());
        }
        sql.push(" (");
        sql.push_idents(places.iter().map(|place| &*target.column(*place).name))?;
        sql.push(")");
        if self.overriding {
            sql.push(" overriding system value");
        }
        sql.push(" values ");
        sql.push_list(&self.rows, |sql, row| {
            sql.push("(");
            sql.push_list(&places, |sql, place| {
                cell(row, *place).unwrap_or(&Cell::Default).push(sql);
                Ok(())
            })?;
            sql.push(")");
            Ok(())
        })
    }

    /// Refuses values for what the server computes (428C9).
    fn check(&self, target: &Target<'_>) -> Result<()> {
        for (place, cell) in self.cells() {
            if matches!(cell, Cell::Default) {
                continue;
            }
            let column = target.column(*place);
            if column.generated.is_some() {
                return target.refuse(format!(
                    "column \"{}\" is generated: leave it out",
                    column.name
                ));
            }
            if column
                .identity
                .as_ref()
                .is_some_and(|identity| identity.always)
                && !self.overriding
            {
                return target.refuse(format!(
                    "column \"{}\" is generated always as identity: leave it out, or add overriding_system_value()",
                    column.name
                ));
            }
        }
        Ok(())
    }
}

fn cell(row: &Row, place: usize) -> Option<&Cell> {
    let found = row.iter().find(|(other, _)| *other == place);
    found.map(|(_, cell)| cell)
}
