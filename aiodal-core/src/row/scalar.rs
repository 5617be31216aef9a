//! A single column without a name of its own.

use std::any::type_name;

use tokio_postgres::Row;

use super::{Columns, FromColumn, FromRow, Plan};
use crate::error::Result;
use crate::row::plan::PlanBuilder;

/// A row of one column, for `query_scalar`: it exists so that scalars share the way of all other rows.
pub(super) struct Scalar<T>(pub(super) T);

impl<T: FromColumn> FromRow for Scalar<T> {
    fn resolve(columns: &Columns<'_>) -> Result<Plan> {
        PlanBuilder::new(columns, Plan::new(type_name::<T>()))
            .exactly(1)
            .position::<T>("", 0)
            .finish()
    }

    fn decode(row: &Row, plan: &Plan) -> Result<Self> {
        plan.get(row, 0).map(Scalar)
    }
}
