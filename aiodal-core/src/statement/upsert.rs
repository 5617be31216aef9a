//! INSERT .. ON CONFLICT.

use std::collections::HashMap;

use tokio_postgres::types::ToSql;

use super::bound::BoundStatement;
use super::choice::{Choice, Chosen};
use super::convert::convert;
use super::returning::Returning;
use super::rows::{Cell, Rows};
use super::target::Target;
use super::update::settable;
use super::verbs::{returning, verbs};
use crate::error::{Error, Result};
use crate::schema::{DataType, Table, TableKind, TypeKind};

/// What the row that is there already is called: the table's own name could be `excluded`.
pub(super) const EXISTING: &str = "existing";

/// An upsert into a reflected table, INSERT .. ON CONFLICT; made by [`Table::upsert`].
///
/// What decides whether a row is there already is one of the table's [arbiters](Table::arbiters): the one named by
/// [`on`](Upsert::on) or [`on_constraint`](Upsert::on_constraint); else the primary key, if every row has a value for all of its columns;
/// else the only unique key, over columns and of all rows, of which that is true. Otherwise the upsert is refused, and
/// the candidates are listed.
///
/// Unless told otherwise it [updates the rest](Upsert::update_rest).
///
/// ```no_run
/// # async fn example(tx: &aiodal_core::Transaction, book: &aiodal_core::schema::Table) -> aiodal_core::Result<()> {
/// let row = book
///     .upsert()
///     .set("catalog", &"QA76")
///     .set("name", &"Compilers")
///     .on(["catalog"])
///     .update_rest()
///     .returning(["id"])
///     .returning_inserted()
///     .fetch_one(tx)
///     .await?;
/// let new: bool = row.get("inserted");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "nothing is sent before execute() or a fetch"]
pub struct Upsert<'t> {
    target: Target<'t>,
    rows: Rows,
    choice: Choice,
    action: Action,
    if_changed: bool,
    returning: Returning<'t>,
    failed: Option<Error>,
}

#[derive(Debug)]
enum Action {
    Nothing,
    Rest,
    Columns(Vec<usize>),
}

impl<'t> Upsert<'t> {
    pub(super) fn new(table: &'t Table) -> Upsert<'t> {
        Upsert {
            target: Target::new(table, "upsert into"),
            rows: Rows::default(),
            choice: Choice::ByRule,
            action: Action::Rest,
            if_changed: false,
            returning: Returning::default(),
            failed: None,
        }
    }

    /// Gives the row a value for a column: the last row, if [`values`](Upsert::values) has added several.
    pub fn set(self, column: &str, value: &(dyn ToSql + Sync)) -> Self {
        self.attempt(|this| this.rows.set_value(&this.target, column, value))
    }

    /// Gives the row the value of an SQL expression for a column: `now()`.
    ///
    /// The text is sent as it is: never make it of somebody's input.
    pub fn set_sql(self, column: &str, expression: &str) -> Self {
        let cell = Cell::Sql(format!("({expression})"));
        self.attempt(|this| this.rows.set(&this.target, column, cell))
    }

    /// Adds a row. Rows need not have the same columns: what one leaves out is its default.
    pub fn values(self, values: &[(&str, &(dyn ToSql + Sync))]) -> Self {
        self.attempt(|this| this.rows.values(&this.target, values))
    }

    /// Allows values for columns that are GENERATED ALWAYS AS IDENTITY: `overriding system value`.
    pub fn overriding_system_value(mut self) -> Self {
        self.rows.overriding = true;
        self
    }

    /// Goes by the key over these columns, in whatever order: a constraint or a unique index, partial if there is no other.
    pub fn on<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.choice = Choice::Columns(columns.into_iter().map(Into::into).collect());
        self
    }

    /// Goes by the constraint of this name, or the unique index.
    pub fn on_constraint(mut self, name: &str) -> Self {
        self.choice = Choice::Named(name.to_owned());
        self
    }

    /// Leaves a row that is there as it is: DO NOTHING. It is neither counted nor returned.
    ///
    /// Without [`on`](Upsert::on), a conflict with any key or exclusion constraint is meant.
    pub fn do_nothing(mut self) -> Self {
        self.action = Action::Nothing;
        self
    }

    /// Updates the columns that were given values, except those of the key. So does an upsert that is told nothing.
    pub fn update_rest(mut self) -> Self {
        self.action = Action::Rest;
        self
    }

    /// Updates these columns to what the insert would have given them, which is the default where the row has no value.
    pub fn update<C: AsRef<str>>(self, columns: impl IntoIterator<Item = C>) -> Self {
        let columns: Vec<C> = columns.into_iter().collect();
        self.attempt(|this| {
            let mut places = Vec::new();
            for name in &columns {
                let place = this.target.place(name.as_ref())?;
                settable(&this.target, place)?;
                places.push(place);
            }
            places.sort_unstable();
            places.dedup();
            this.action = Action::Columns(places);
            Ok(())
        })
    }

    /// Updates a row only where a column that is to be updated has another value: an equal one is neither written,
    /// nor counted, nor returned, and fires no trigger.
    ///
    /// Equal is what `=` says: so are `1.0` and `1.00`, and texts of a collation or type that is blind to case.
    /// A column of a type without a dependable `=` (`json`, `xml`, geometric types) is compared as text.
    pub fn update_if_changed(mut self) -> Self {
        self.if_changed = true;
        self
    }

    /// Returns a column `inserted` besides: whether the row is new, rather than updated.
    ///
    /// It is `xmax = 0`: an updated row was locked by its transaction before, a new one by nobody. Only a table has that
    /// column here; of a partitioned one the server refuses to read it (0A000), as of a view (42703).
    pub fn returning_inserted(self) -> Self {
        self.attempt(|this| {
            if this.target.table.kind != TableKind::Table {
                return this.target.refuse(
                    "only a table that is not partitioned tells inserted rows from updated ones",
                );
            }
            this.returning.inserted = true;
            Ok(())
        })
    }

    /// Makes the statement without running it.
    ///
    /// # Errors
    ///
    /// What [`Insert::bind`](super::Insert::bind) refuses; no arbiter, or one that the server refuses; an update of nothing; two rows
    /// that have the same key, as far as their values tell.
    pub fn bind(self) -> Result<BoundStatement> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let target = &self.target;
        if self.rows.places().is_empty() {
            return target.refuse("it has no values: add set() or values()");
        }
        let updates = !matches!(self.action, Action::Nothing);
        let supplies = |place| self.rows.supplies(place);
        let chosen = self.choice.choose(target, supplies, updates)?;
        let mut sql = BoundStatement::of(target);
        self.rows
            .push(target, updates.then_some(EXISTING), &mut sql)?;
        sql.push(" on conflict");
        chosen.push(target, &mut sql)?;
        if updates {
            self.distinct_keys(&chosen)?;
            self.push_update(&chosen, &mut sql)?;
            let key = chosen.columns().join(", ");
            sql.hints.arbiter = Some(if key.is_empty() {
                "key".to_owned()
            } else {
                format!("key ({key})")
            });
        } else {
            sql.push(" do nothing");
        }
        self.returning.push(&mut sql)?;
        sql.hints.left_out = self.rows.left_out(target);
        sql.checked()
    }

    fn push_update(&self, chosen: &Chosen<'_>, sql: &mut BoundStatement) -> Result<()> {
        let target = &self.target;
        let key = chosen.columns();
        let places = match &self.action {
            Action::Columns(places) => places.clone(),
            Action::Nothing | Action::Rest => rest(target, self.rows.places(), &key)?,
        };
        push_update(target, &places, self.if_changed, sql)
    }

    /// Refuses rows of which the second would update the first (21000).
    ///
    /// Values are compared as they are sent. That they are equal by a collation, say, only the server sees.
    fn distinct_keys(&self, chosen: &Chosen<'_>) -> Result<()> {
        let names = chosen.columns();
        if names.is_empty() || chosen.is_partial() {
            return Ok(());
        }
        let places = names.iter().map(|name| self.target.place(name));
        let places = places.collect::<Result<Vec<usize>>>()?;
        let mut seen = HashMap::new();
        for (row, params) in self.rows.keys(&places).enumerate() {
            let Some(params) = params else { continue };
            let mut key = Vec::with_capacity(params.len());
            for (place, param) in places.iter().zip(params) {
                let converted = convert(&param.wire, self.target.driver_type(*place));
                key.push(converted.ok().and_then(|converted| converted.bytes));
            }
            if !chosen.nulls_not_distinct() && key.iter().any(Option::is_none) {
                continue;
            }
            if let Some(first) = seen.insert(key, row) {
                return self.target.refuse(format!(
                    "rows {} and {} have the same key ({}), and a statement may write a row once",
                    first + 1,
                    row + 1,
                    names.join(", ")
                ));
            }
        }
        Ok(())
    }
}

/// The columns of rows that are not of the key and may be updated.
pub(super) fn rest(target: &Target<'_>, places: Vec<usize>, key: &[&str]) -> Result<Vec<usize>> {
    let mut rest = places;
    rest.retain(|place| {
        !key.contains(&&*target.column(*place).name) && settable(target, *place).is_ok()
    });
    if rest.is_empty() {
        return target.refuse("nothing but the key has values: use do_nothing(), or update([..])");
    }
    Ok(rest)
}

/// Writes `do update set ..`: to what the insert would have given these columns.
pub(super) fn push_update(
    target: &Target<'_>,
    places: &[usize],
    if_changed: bool,
    sql: &mut BoundStatement,
) -> Result<()> {
    sql.push(" do update set ");
    sql.push_list(places, |sql, place| {
        sql.push_ident(&target.column(*place).name)?;
        sql.push(" = excluded.");
        sql.push_ident(&target.column(*place).name)
    })?;
    if !if_changed {
        return Ok(());
    }
    for (index, place) in places.iter().enumerate() {
        sql.push(if index == 0 { " where " } else { " or " });
        let column = target.column(*place);
        let cast = if has_dependable_equality(&column.data_type) {
            ""
        } else {
            "::text"
        };
        sql.push_ident(EXISTING)?;
        sql.push(".");
        sql.push_ident(&column.name)?;
        sql.push(cast);
        sql.push(" is distinct from excluded.");
        sql.push_ident(&column.name)?;
        sql.push(cast);
    }
    Ok(())
}

/// Says whether `=` exists for a type and means that values are the same: that of boxes and circles compares areas.
fn has_dependable_equality(data_type: &DataType) -> bool {
    const WITHOUT: [&str; 9] = [
        "json", "xml", "point", "lseg", "path", "box", "polygon", "line", "circle",
    ];
    match &data_type.kind {
        TypeKind::Domain(domain) => has_dependable_equality(&domain.base),
        TypeKind::Array(element) => has_dependable_equality(element),
        TypeKind::Composite(fields) => {
            let mut fields = fields.iter();
            fields.all(|field| has_dependable_equality(&field.data_type))
        }
        _ => data_type.name.schema != "pg_catalog" || !WITHOUT.contains(&&*data_type.name.name),
    }
}

verbs!(Upsert, |this| this.returning.required(&this.target));
returning!(Upsert);
