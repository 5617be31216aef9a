//! What a statement returns of the rows it wrote.

use super::bound::BoundStatement;
use super::target::Target;
use crate::error::Result;

/// The columns of RETURNING.
#[derive(Clone, Debug, Default)]
pub(super) struct Returning<'t> {
    columns: Vec<&'t str>,
    /// Whether there is a column `inserted` besides.
    pub(super) inserted: bool,
}

impl<'t> Returning<'t> {
    pub(super) fn is_empty(&self) -> bool {
        self.columns.is_empty() && !self.inserted
    }

    pub(super) fn columns<'n>(
        &mut self,
        target: &Target<'t>,
        names: impl IntoIterator<Item = &'n str>,
    ) -> Result<()> {
        self.columns = target.names(names)?;
        Ok(())
    }

    pub(super) fn all(&mut self, target: &Target<'t>) {
        let columns = target.table.columns.iter();
        self.columns = columns.map(|column| &*column.name).collect();
    }

    /// Refuses to fetch rows that nothing asks for.
    pub(super) fn required(&self, target: &Target<'_>) -> Result<()> {
        if self.is_empty() {
            return target.refuse("it returns no rows: add returning([..]) or returning_all()");
        }
        Ok(())
    }

    pub(super) fn push(&self, sql: &mut BoundStatement) -> Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        sql.push(" returning ");
        sql.push_idents(self.columns.iter().copied())?;
        if self.inserted {
            if !self.columns.is_empty() {
                sql.push(", ");
            }
            // A row that has never been locked or updated has no xmax.
            sql.push("(xmax = 0) as inserted");
        }
        Ok(())
    }
}
