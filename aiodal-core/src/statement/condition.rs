//! Which rows: by primary key, or by named columns.

use tokio_postgres::types::ToSql;

use super::bound::BoundStatement;
use super::param::Param;
use super::target::Target;
use crate::error::Result;

/// Columns that have to be equal to values, all of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Condition(Vec<(usize, Param)>);

impl Condition {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn column(
        &mut self,
        target: &Target<'_>,
        name: &str,
        value: &(dyn ToSql + Sync),
    ) -> Result<()> {
        let place = target.place(name)?;
        self.0.push((place, target.param(place, value)?));
        Ok(())
    }

    pub(super) fn key(
        &mut self,
        target: &Target<'_>,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<()> {
        let Some(key) = &target.table.primary_key else {
            return target.refuse("it has no primary key: use filter() with columns");
        };
        if key.columns.len() != values.len() {
            return target.refuse(format!(
                "its primary key is ({}), and {} values were given",
                key.columns.join(", "),
                values.len()
            ));
        }
        for (name, value) in key.columns.iter().zip(values) {
            self.column(target, name, *value)?;
        }
        Ok(())
    }

    /// Writes `where ..`, if there is a condition.
    ///
    /// A null is `is null`: `is not distinct from` would do for both, but no index serves it.
    pub(super) fn push(&self, target: &Target<'_>, sql: &mut BoundStatement) -> Result<()> {
        for (index, (place, param)) in self.0.iter().enumerate() {
            sql.push(if index == 0 { " where " } else { " and " });
            sql.push_ident(&target.column(*place).name)?;
            if param.wire.is_null() {
                sql.push(" is null");
            } else {
                sql.push(" = ");
                sql.push_param(param.clone());
            }
        }
        Ok(())
    }
}
