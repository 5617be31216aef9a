//! The rows of each relation, brought together.

use std::collections::HashMap;

use super::rows::{ColumnRow, CommentRow, ConstraintRow, IndexRow, ParentRow, RelationRow};
use crate::schema::QualifiedName;

/// A relation with its rows, columns in the order of their numbers.
pub(super) struct Relation {
    pub(super) row: RelationRow,
    pub(super) columns: Vec<ColumnRow>,
    pub(super) constraints: Vec<ConstraintRow>,
    pub(super) indexes: Vec<IndexRow>,
    pub(super) parents: Vec<ParentRow>,
}

impl Relation {
    pub(super) fn name(&self) -> QualifiedName {
        QualifiedName::new(self.row.schema.as_str(), self.row.name.as_str())
    }

    /// Returns the column with an attribute number. It is no position: numbers of dropped columns are left free.
    pub(super) fn column(&self, number: i16) -> Option<&ColumnRow> {
        let found = self
            .columns
            .binary_search_by_key(&number, |column| column.number);
        found.ok().map(|at| &self.columns[at])
    }

    /// Returns names of columns. Numbers that are no column's (0 is an expression, a negative one the system's) are left out.
    pub(super) fn names(&self, numbers: &[i16]) -> Vec<String> {
        numbers
            .iter()
            .filter_map(|number| self.column(*number))
            .map(|column| column.name.clone())
            .collect()
    }

    pub(super) fn index(&self, oid: u32) -> Option<&IndexRow> {
        self.indexes.iter().find(|index| index.oid == oid)
    }
}

/// All relations that were read, by OID.
pub(super) struct Relations(HashMap<u32, Relation>);

impl Relations {
    /// Rows of relations that are not among `relations` are dropped: they were too many to read, not wrong.
    pub(super) fn gather(
        relations: Vec<RelationRow>,
        columns: Vec<ColumnRow>,
        constraints: Vec<ConstraintRow>,
        indexes: Vec<IndexRow>,
        parents: Vec<ParentRow>,
    ) -> Relations {
        let empty = |row: RelationRow| Relation {
            row,
            columns: Vec::new(),
            constraints: Vec::new(),
            indexes: Vec::new(),
            parents: Vec::new(),
        };
        let relations = relations.into_iter().map(|row| (row.oid, empty(row)));
        let mut all: HashMap<u32, Relation> = relations.collect();
        for row in columns {
            if let Some(relation) = all.get_mut(&row.relation) {
                relation.columns.push(row);
            }
        }
        for row in constraints {
            if let Some(relation) = all.get_mut(&row.relation) {
                relation.constraints.push(row);
            }
        }
        for row in indexes {
            if let Some(relation) = all.get_mut(&row.relation) {
                relation.indexes.push(row);
            }
        }
        for row in parents {
            if let Some(relation) = all.get_mut(&row.child) {
                relation.parents.push(row);
            }
        }
        for relation in all.values_mut() {
            relation.columns.sort_unstable_by_key(|row| row.number);
            relation.parents.sort_unstable_by_key(|row| row.number);
            relation
                .constraints
                .sort_unstable_by(|a, b| a.name.cmp(&b.name));
            relation
                .indexes
                .sort_unstable_by(|a, b| a.name.cmp(&b.name));
        }
        Relations(all)
    }

    pub(super) fn get(&self, oid: u32) -> Option<&Relation> {
        self.0.get(&oid)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Relation> {
        self.0.values()
    }
}

/// Comments by what they are on: the catalog, the OID in it, and the column or 0.
pub(super) struct Comments(HashMap<(u8, u32, i32), String>);

impl Comments {
    pub(super) fn new(rows: Vec<CommentRow>) -> Comments {
        let by_place = |row: CommentRow| ((row.class.0, row.oid, row.column), row.text);
        Comments(rows.into_iter().map(by_place).collect())
    }

    pub(super) fn relation(&self, oid: u32) -> Option<String> {
        self.0.get(&(b'r', oid, 0)).cloned()
    }

    pub(super) fn column(&self, relation: u32, number: i16) -> Option<String> {
        let place = (b'r', relation, i32::from(number));
        self.0.get(&place).cloned()
    }

    pub(super) fn constraint(&self, oid: u32) -> Option<String> {
        self.0.get(&(b'c', oid, 0)).cloned()
    }
}
