//! Sequences, and the columns that they belong to.

use std::collections::HashMap;

use super::relation::{Comments, Relation, Relations};
use super::rows::SequenceRow;
use crate::schema::{QualifiedName, Sequence, SequenceOptions};

/// The sequences of columns, by the owner's OID and the column's name.
pub(super) struct Owned(HashMap<u32, Vec<OwnedSequence>>);

pub(super) struct OwnedSequence {
    column: String,
    pub(super) name: QualifiedName,
    pub(super) options: SequenceOptions,
}

impl Owned {
    /// Returns the sequence of a column; a partition's may be that of its outermost parent.
    pub(super) fn find(&self, relation: &Relation, column: &str) -> Option<&OwnedSequence> {
        let of = |oid: &u32| {
            let sequences = self.0.get(oid)?;
            sequences.iter().find(|sequence| sequence.column == column)
        };
        of(&relation.row.oid).or_else(|| relation.row.root.as_ref().and_then(of))
    }
}

/// Returns the schema, table and column that a sequence belongs to.
fn owner<'a>(row: &'a SequenceRow, relations: &'a Relations) -> Option<[&'a String; 3]> {
    if let Some([schema, name, column]) = row.owner_names.as_deref() {
        return Some([schema, name, column]);
    }
    let relation = relations.get(row.owner?)?;
    let column = relation.column(row.owner_column?)?;
    Some([&relation.row.schema, &relation.row.name, &column.name])
}

pub(super) fn owned(rows: &[SequenceRow], relations: &Relations) -> Owned {
    // A column may own several: that of its identity counts, or else the oldest.
    let mut rows: Vec<&SequenceRow> = rows.iter().collect();
    rows.sort_unstable_by_key(|row| (row.internal != Some(true), row.oid));
    let mut owned: HashMap<u32, Vec<OwnedSequence>> = HashMap::new();
    for row in rows {
        if let (Some(oid), Some([_, _, column])) = (row.owner, owner(row, relations)) {
            owned.entry(oid).or_default().push(OwnedSequence {
                column: column.clone(),
                name: name(row),
                options: options(row),
            });
        }
    }
    Owned(owned)
}

pub(super) fn sequences(
    rows: Vec<SequenceRow>,
    relations: &Relations,
    comments: &Comments,
    members: &HashMap<u32, String>,
    extensions: bool,
) -> Vec<Sequence> {
    let make = |row: SequenceRow| Sequence {
        name: name(&row),
        data_type: match row.data_type {
            21 => "smallint",
            23 => "integer",
            _ => "bigint",
        }
        .to_owned(),
        options: options(&row),
        comment: comments.relation(row.oid),
        extension: members.get(&row.oid).cloned(),
        owned_by: owner(&row, relations).map(|[schema, name, column]| {
            let table = QualifiedName::new(schema.as_str(), name.as_str());
            (table, column.clone())
        }),
    };
    let mut sequences: Vec<Sequence> = rows
        .into_iter()
        .filter(|row| extensions || !members.contains_key(&row.oid))
        .map(make)
        .collect();
    sequences.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    sequences
}

fn name(row: &SequenceRow) -> QualifiedName {
    QualifiedName::new(row.schema.as_str(), row.name.as_str())
}

fn options(row: &SequenceRow) -> SequenceOptions {
    SequenceOptions {
        start: row.start,
        increment: row.increment,
        min: row.min,
        max: row.max,
        cache: row.cache,
        cycle: row.cycle,
    }
}
