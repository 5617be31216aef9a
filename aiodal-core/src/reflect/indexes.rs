//! Indexes, from their rows.

use std::collections::HashMap;

use super::relation::{Comments, Relation};
use super::rows::{IndexRow, OperatorClassRow};
use super::types::Types;
use crate::schema::{Index, IndexElement, QualifiedName};

/// The operator classes in use, by OID.
pub(super) type OperatorClasses = HashMap<u32, OperatorClassRow>;

pub(super) fn indexes(
    relation: &Relation,
    classes: &OperatorClasses,
    comments: &Comments,
    types: &Types,
) -> Vec<Index> {
    let make = |row: &IndexRow| {
        // A foreign key names the index of the table that it refers to, which may be this one.
        let behind = relation
            .constraints
            .iter()
            .find(|con| con.index == row.oid && matches!(con.kind.0, b'p' | b'u' | b'x'));
        Index {
            name: row.name.clone(),
            method: row.method.clone(),
            elements: elements(relation, row, classes, types),
            include: include(relation, row),
            predicate: row.predicate.clone(),
            unique: row.unique,
            nulls_not_distinct: row.nulls_not_distinct,
            valid: row.valid,
            immediate: row.immediate,
            constraint: behind.map(|con| con.name.clone()),
            inherited: row.partition,
            options: row.parameters.clone().unwrap_or_default(),
            comment: comments.relation(row.oid),
        }
    };
    relation.indexes.iter().map(make).collect()
}

/// The numbers of the key; what is behind them is `INCLUDE`.
fn split(row: &IndexRow) -> (&[i16], &[i16]) {
    let length = usize::try_from(row.key_length).unwrap_or_default();
    row.key.split_at(length.min(row.key.len()))
}

pub(super) fn include(relation: &Relation, row: &IndexRow) -> Vec<String> {
    relation.names(split(row).1)
}

/// What an index is over: for each part the column or else the expression.
pub(super) fn parts<'a>(
    relation: &'a Relation,
    row: &'a IndexRow,
) -> impl Iterator<Item = (Option<String>, Option<String>)> + 'a {
    let mut expressions = row.expressions.iter().flatten();
    split(row).0.iter().map(move |number| match number {
        0 => (None, expressions.next().cloned()),
        number => (relation.names(&[*number]).pop(), None),
    })
}

fn elements(
    relation: &Relation,
    row: &IndexRow,
    classes: &OperatorClasses,
    types: &Types,
) -> Vec<IndexElement> {
    const DESCENDING: i16 = 1;
    const NULLS_FIRST: i16 = 2;
    let parts = parts(relation, row).enumerate();
    let element = |(at, (column, expression)): (usize, (Option<String>, Option<String>))| {
        let over = relation.column(row.key[at]);
        let class = row.classes.get(at).and_then(|oid| classes.get(oid));
        let class = class.filter(|class| {
            let base = over.map(|column| types.base(column.data_type));
            // One class is the default for several types, unless a type has one of its own.
            !class.default || base.is_some_and(|base| class.taken.contains(&base))
        });
        let options = row.options.get(at).copied().unwrap_or_default();
        IndexElement {
            column,
            expression,
            operator_class: class
                .map(|class| QualifiedName::new(class.schema.as_str(), class.name.as_str())),
            collation: row.collations.get(at).and_then(|oid| {
                let usual = over.map_or(DATABASE_COLLATION, |column| column.collation);
                (*oid != usual && (over.is_some() || *oid != 0)).then(|| collation(*oid, row))?
            }),
            descending: options & DESCENDING != 0,
            nulls_first: options & NULLS_FIRST != 0,
        }
    };
    parts.map(element).collect()
}

const DATABASE_COLLATION: u32 = 100;

fn collation(oid: u32, row: &IndexRow) -> Option<QualifiedName> {
    collation_name(oid).or_else(|| {
        let names = row.collation_names.iter().flatten();
        let names: Vec<&String> = names.collect();
        let text = oid.to_string();
        let found = names.chunks_exact(3).find(|part| *part[0] == text)?;
        Some(QualifiedName::new(found[1].as_str(), found[2].as_str()))
    })
}

/// Collations that have the same OID in every database (`pg_collation.dat`).
pub(super) fn collation_name(oid: u32) -> Option<QualifiedName> {
    let name = match oid {
        DATABASE_COLLATION => "default",
        950 => "C",
        951 => "POSIX",
        _ => return None,
    };
    Some(QualifiedName::new("pg_catalog", name))
}
