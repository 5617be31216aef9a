//! Keys and other constraints, from their rows.

use super::indexes::{include, parts};
use super::relation::{Comments, Relation, Relations};
use super::rows::{ConstraintRow, Letter};
use crate::error::{Error, Result};
use crate::schema::{
    Action, Check, Deferrable, Exclusion, ExclusionElement, ForeignKey, Match, PrimaryKey,
    QualifiedName, Table, UniqueConstraint,
};

/// Puts the constraints of a relation into its table.
pub(super) fn add(
    table: &mut Table,
    relation: &Relation,
    relations: &Relations,
    comments: &Comments,
) -> Result<()> {
    let is_copy = |row: &ConstraintRow| {
        let mut others = relation.constraints.iter();
        row.parent != 0 && others.any(|con| con.oid == row.parent && con.kind.0 == b'f')
    };
    for row in &relation.constraints {
        match row.kind.0 {
            b'p' => table.primary_key = Some(primary_key(row, relation, comments)),
            b'u' => table
                .unique_constraints
                .push(unique_constraint(row, relation, comments)),
            // One to a partitioned table has a copy for each partition, as its child on the same referring table.
            b'f' if is_copy(row) => {}
            b'f' => table
                .foreign_keys
                .push(foreign_key(row, relation, relations, comments)?),
            b'c' => table.checks.push(check(row, relation, comments)),
            b'x' => table.exclusions.push(exclusion(row, relation, comments)),
            _ => {}
        }
    }
    Ok(())
}

fn deferrable(row: &ConstraintRow) -> Deferrable {
    match (row.deferrable, row.deferred) {
        (false, _) => Deferrable::No,
        (true, false) => Deferrable::InitiallyImmediate,
        (true, true) => Deferrable::InitiallyDeferred,
    }
}

fn key(row: &ConstraintRow) -> &[i16] {
    row.key.as_deref().unwrap_or_default()
}

fn primary_key(row: &ConstraintRow, relation: &Relation, comments: &Comments) -> PrimaryKey {
    let index = relation.index(row.index);
    PrimaryKey {
        name: row.name.clone(),
        columns: relation.names(key(row)),
        include: index.map_or_else(Vec::new, |index| include(relation, index)),
        deferrable: deferrable(row),
        without_overlaps: row.period,
        comment: comments.constraint(row.oid),
    }
}

fn unique_constraint(
    row: &ConstraintRow,
    relation: &Relation,
    comments: &Comments,
) -> UniqueConstraint {
    let index = relation.index(row.index);
    UniqueConstraint {
        name: row.name.clone(),
        columns: relation.names(key(row)),
        include: index.map_or_else(Vec::new, |index| include(relation, index)),
        nulls_not_distinct: index.is_some_and(|index| index.nulls_not_distinct),
        deferrable: deferrable(row),
        without_overlaps: row.period,
        comment: comments.constraint(row.oid),
    }
}

fn foreign_key(
    row: &ConstraintRow,
    relation: &Relation,
    relations: &Relations,
    comments: &Comments,
) -> Result<ForeignKey> {
    let numbers = row.referred_key.as_deref().unwrap_or_default();
    let (referred_table, referred_columns) = match row.referred_names.as_deref() {
        Some([schema, name, columns @ ..]) => (
            QualifiedName::new(schema.as_str(), name.as_str()),
            columns.to_vec(),
        ),
        _ => {
            let referred = relations.get(row.referred).ok_or_else(|| {
                Error::catalog(format!("foreign key {} refers to no table", row.name))
            })?;
            (referred.name(), referred.names(numbers))
        }
    };
    Ok(ForeignKey {
        name: row.name.clone(),
        columns: relation.names(key(row)),
        referred_table,
        referred_columns,
        on_update: action(row.on_update),
        on_delete: action(row.on_delete),
        on_delete_columns: relation.names(row.on_delete_key.as_deref().unwrap_or_default()),
        match_type: match row.match_type.0 {
            b'f' => Match::Full,
            b'p' => Match::Partial,
            _ => Match::Simple,
        },
        deferrable: deferrable(row),
        validated: row.validated,
        enforced: row.enforced,
        period: row.period,
        inherited: row.parent != 0,
        comment: comments.constraint(row.oid),
    })
}

fn action(code: Letter) -> Action {
    match code.0 {
        b'r' => Action::Restrict,
        b'c' => Action::Cascade,
        b'n' => Action::SetNull,
        b'd' => Action::SetDefault,
        _ => Action::NoAction,
    }
}

fn check(row: &ConstraintRow, relation: &Relation, comments: &Comments) -> Check {
    let mut numbers = key(row).to_vec();
    numbers.sort_unstable();
    Check {
        name: row.name.clone(),
        expression: row.expression.clone().unwrap_or_default(),
        columns: relation.names(&numbers),
        validated: row.validated,
        enforced: row.enforced,
        no_inherit: row.no_inherit,
        inherited: !row.local,
        comment: comments.constraint(row.oid),
    }
}

fn exclusion(row: &ConstraintRow, relation: &Relation, comments: &Comments) -> Exclusion {
    let index = relation.index(row.index);
    let parts = index.into_iter().flat_map(|index| parts(relation, index));
    let operators = row.operators.iter().flatten();
    let element = |((column, expression), operator): (_, &String)| ExclusionElement {
        column,
        expression,
        operator: operator.clone(),
    };
    Exclusion {
        name: row.name.clone(),
        elements: parts.zip(operators).map(element).collect(),
        predicate: index.and_then(|index| index.predicate.clone()),
        deferrable: deferrable(row),
        comment: comments.constraint(row.oid),
    }
}
