//! Makes a schema of the rows of the catalogs.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::builtin::builtin;
use super::catalog::Scope;
use super::indexes::{OperatorClasses, collation_name, indexes};
use super::relation::{Comments, Relation, Relations};
use super::rows::{
    ColumnRow, CommentRow, ConstraintRow, ExtensionRow, FunctionRow, IndexRow, OperatorClassRow,
    ParentRow, RelationRow, SequenceRow, TypeRow,
};
use super::types::Types;
use super::{constraints, functions, partitions, sequences};
use crate::error::{Error, Result};
use crate::schema::{
    Column, DataType, Domain, Function, Generated, Identity, Persistence, QualifiedName, Sequence,
    Table, TableKind, TypeKind,
};

/// All that the catalogs said.
pub(super) struct Rows {
    pub(super) relations: Vec<RelationRow>,
    pub(super) columns: Vec<ColumnRow>,
    pub(super) constraints: Vec<ConstraintRow>,
    pub(super) indexes: Vec<IndexRow>,
    pub(super) operator_classes: Vec<OperatorClassRow>,
    pub(super) parents: Vec<ParentRow>,
    pub(super) sequences: Vec<SequenceRow>,
    pub(super) types: Vec<TypeRow>,
    pub(super) comments: Vec<CommentRow>,
    pub(super) extensions: Vec<ExtensionRow>,
    pub(super) functions: Vec<FunctionRow>,
}

impl Rows {
    /// Whether a relation has something that [`Chosen::Usual`](super::catalog::Chosen::Usual) leaves out.
    pub(super) fn rare(&self) -> bool {
        let relation = |row: &RelationRow| {
            matches!(row.kind.0, b'p' | b'f') || row.bound.is_some() || row.of_type.is_some()
        };
        // Of a table that has been dropped meanwhile, or that has its schema's name for this session only.
        let unnamed = |row: &ConstraintRow| {
            let columns = row.referred_key.as_deref().unwrap_or_default();
            let names = row.referred_names.as_deref();
            names.is_some_and(|names| names.len() != 2 + columns.len() || names[0] == "pg_temp")
        };
        let constraint = |row: &ConstraintRow| row.operators.is_some() || unnamed(row);
        self.relations.iter().any(relation)
            || self.columns.iter().any(|row| row.collation_name.is_some())
            || self.constraints.iter().any(constraint)
            || self.indexes.iter().any(|row| row.collation_names.is_some())
            || !self.parents.is_empty()
    }

    /// Returns the types of columns of which the catalogs have said nothing yet.
    pub(super) fn unknown_types(&self) -> Vec<u32> {
        let known: HashSet<u32> = self.types.iter().map(|row| row.oid).collect();
        let used = self.columns.iter().map(|row| row.data_type);
        let unknown: HashSet<u32> = used
            .filter(|oid| !known.contains(oid) && builtin(*oid).is_none())
            .collect();
        unknown.into_iter().collect()
    }
}

/// What becomes of them, each list in the order of (schema, name).
pub(super) struct Assembled {
    pub(super) tables: Vec<Arc<Table>>,
    pub(super) types: Vec<Arc<DataType>>,
    pub(super) sequences: Vec<Sequence>,
    pub(super) functions: Vec<Arc<Function>>,
}

pub(super) fn assemble(rows: Rows, scope: Scope<'_>) -> Result<Assembled> {
    let options = scope.options;
    let extensions: HashMap<u32, String> = rows
        .extensions
        .into_iter()
        .map(|row| (row.oid, row.extension))
        .collect();
    let relations = Relations::gather(
        rows.relations,
        rows.columns,
        rows.constraints,
        rows.indexes,
        rows.parents,
    );
    let mut assembly = Assembly {
        owned: sequences::owned(&rows.sequences, &relations),
        relations,
        classes: rows
            .operator_classes
            .into_iter()
            .map(|row| (row.oid, row))
            .collect(),
        comments: Comments::new(rows.comments),
        types: Types::new(rows.types),
        extensions,
    };
    // What was named is meant, whoever it belongs to.
    let extensions_too = options.extensions || scope.one_by_one();
    let mut tables = assembly.tables(extensions_too)?;
    tables.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    let types = assembly.types.listed(options.extensions)?;
    let mut functions = rows
        .functions
        .into_iter()
        .filter(|row| options.extensions || row.extension.is_none())
        .map(|row| functions::function(row, &mut assembly.types).map(Arc::new))
        .collect::<Result<Vec<_>>>()?;
    functions.sort_by_cached_key(|function| (function.name.clone(), function.signature()));
    Ok(Assembled {
        tables,
        types,
        functions,
        sequences: sequences::sequences(
            rows.sequences,
            &assembly.relations,
            &assembly.comments,
            &assembly.extensions,
            extensions_too,
        ),
    })
}

struct Assembly {
    relations: Relations,
    classes: OperatorClasses,
    owned: sequences::Owned,
    comments: Comments,
    types: Types,
    extensions: HashMap<u32, String>,
}

impl Assembly {
    fn tables(&mut self, extensions: bool) -> Result<Vec<Arc<Table>>> {
        // Moved out and back, so that making a table may make types meanwhile.
        let Assembly {
            relations,
            classes,
            owned,
            comments,
            types,
            extensions: members,
        } = self;
        let shown = |relation: &&Relation| {
            relation.row.accessible && (extensions || !members.contains_key(&relation.row.oid))
        };
        relations
            .iter()
            .filter(shown)
            .map(|relation| {
                let mut table = table(relation, types, owned, comments)?;
                table.extension = members.get(&relation.row.oid).cloned();
                table.indexes = indexes(relation, classes, comments, types);
                constraints::add(&mut table, relation, relations, comments)?;
                Ok(Arc::new(table))
            })
            .collect()
    }
}

fn table(
    relation: &Relation,
    types: &mut Types,
    owned: &sequences::Owned,
    comments: &Comments,
) -> Result<Table> {
    let row = &relation.row;
    let kind = match row.kind.0 {
        b'p' => TableKind::PartitionedTable,
        b'v' => TableKind::View,
        b'm' => TableKind::MaterializedView,
        b'f' => TableKind::ForeignTable,
        _ => TableKind::Table,
    };
    let mut columns = Vec::with_capacity(relation.columns.len());
    for (position, column) in (1..).zip(&relation.columns) {
        columns.push(self::column(
            position, column, relation, types, owned, comments,
        )?);
    }
    let partition_of = partitions::partition_of(relation);
    let inherits = match partition_of {
        Some(_) => Vec::new(),
        None => relation.parents.iter().map(ParentRow::name).collect(),
    };
    Ok(Table {
        persistence: match row.persistence.0 {
            b'u' => Persistence::Unlogged,
            b't' => Persistence::Temporary,
            _ => Persistence::Permanent,
        },
        partitioning: partitions::partitioning(relation),
        partition_of,
        inherits,
        of_type: row.of_type.as_deref().and_then(|name| match name {
            [schema, name] => Some(QualifiedName::new(schema.as_str(), name.as_str())),
            _ => None,
        }),
        foreign_server: row.server.clone(),
        comment: comments.relation(row.oid),
        definition: row.definition.clone(),
        ..Table::bare(relation.name(), kind, columns)
    })
}

fn column(
    position: u16,
    row: &ColumnRow,
    relation: &Relation,
    types: &mut Types,
    owned: &sequences::Owned,
    comments: &Comments,
) -> Result<Column> {
    let data_type = types.get(row.data_type, row.modifier, row.formatted.as_deref())?;
    let view = matches!(relation.row.kind.0, b'v' | b'm');
    // A view passes on what is below it: neither does it refuse a null, nor has it a default but its own.
    let domains = || domains(&data_type).filter(|_| !view);
    let generated = (row.generated.0 != 0).then(|| Generated {
        expression: row.default.clone().unwrap_or_default(),
        stored: row.generated.0 == b's',
    });
    let default = match generated {
        Some(_) => None,
        None => row
            .default
            .clone()
            .or_else(|| domains().find_map(|domain| domain.default.clone())),
    };
    let sequence = owned.find(relation, &row.name);
    let identity = match row.identity.0 {
        0 => None,
        code => {
            let sequence = sequence.ok_or_else(|| {
                Error::catalog(format!("identity column {} has no sequence", row.name))
            })?;
            Some(Identity {
                always: code == b'a',
                options: sequence.options,
            })
        }
    };
    let collation = if row.collation == 0 || row.collation == types.collation(row.data_type) {
        None
    } else {
        collation_name(row.collation).or_else(|| match row.collation_name.as_deref() {
            Some([schema, name]) => Some(QualifiedName::new(schema.as_str(), name.as_str())),
            _ => None,
        })
    };
    Ok(Column {
        name: row.name.clone(),
        position,
        not_null: !view && (row.not_null || domains().any(|domain| domain.not_null)),
        default,
        generated,
        identity,
        sequence: sequence.map(|sequence| sequence.name.clone()),
        collation,
        comment: comments.column(relation.row.oid, row.number),
        data_type,
    })
}

/// A type's domain and those that it is over in turn.
fn domains(data_type: &DataType) -> impl Iterator<Item = &Domain> {
    std::iter::successors(domain_of(data_type), |domain| domain_of(&domain.base))
}

fn domain_of(data_type: &DataType) -> Option<&Domain> {
    match &data_type.kind {
        TypeKind::Domain(domain) => Some(domain),
        _ => None,
    }
}
