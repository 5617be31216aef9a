//! Schemas made by hand, for the unit tests of what is written from one.

use std::sync::Arc;

use super::{
    Action, Column, DataType, Deferrable, ForeignKey, Index, IndexElement, Match, PrimaryKey,
    QualifiedName, Schema, SequenceOptions, Table, TableKind, TypeKind, UniqueConstraint,
};

pub(super) fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

pub(super) fn data_type(sql: &str) -> Arc<DataType> {
    let name = match sql {
        "integer" => "int4",
        "bigint" => "int8",
        name => name,
    };
    Arc::new(DataType {
        name: QualifiedName::new("pg_catalog", name),
        oid: 0,
        sql: sql.to_owned(),
        modifier: None,
        kind: TypeKind::Base,
        comment: None,
        extension: None,
    })
}

pub(super) fn column(name: &str, sql: &str) -> Column {
    Column {
        name: name.to_owned(),
        position: 0,
        data_type: data_type(sql),
        not_null: false,
        default: None,
        generated: None,
        identity: None,
        sequence: None,
        collation: None,
        comment: None,
    }
}

pub(super) fn not_null(name: &str, sql: &str) -> Column {
    Column {
        not_null: true,
        ..column(name, sql)
    }
}

pub(super) fn primary_key(name: &str, columns: &[&str]) -> PrimaryKey {
    PrimaryKey {
        name: name.to_owned(),
        columns: names(columns),
        include: Vec::new(),
        deferrable: Deferrable::No,
        without_overlaps: false,
        comment: None,
    }
}

pub(super) fn unique(name: &str, columns: &[&str]) -> UniqueConstraint {
    UniqueConstraint {
        name: name.to_owned(),
        columns: names(columns),
        include: Vec::new(),
        nulls_not_distinct: false,
        deferrable: Deferrable::No,
        without_overlaps: false,
        comment: None,
    }
}

pub(super) fn foreign_key(
    name: &str,
    columns: &[&str],
    (schema, table): (&str, &str),
    referred: &[&str],
) -> ForeignKey {
    ForeignKey {
        name: name.to_owned(),
        columns: names(columns),
        referred_table: QualifiedName::new(schema, table),
        referred_columns: names(referred),
        on_update: Action::NoAction,
        on_delete: Action::NoAction,
        on_delete_columns: Vec::new(),
        match_type: Match::Simple,
        deferrable: Deferrable::No,
        validated: true,
        enforced: true,
        period: false,
        inherited: false,
        comment: None,
    }
}

pub(super) fn index(name: &str, columns: &[&str]) -> Index {
    let element = |&column: &&str| IndexElement {
        column: Some(column.to_owned()),
        expression: None,
        operator_class: None,
        collation: None,
        descending: false,
        nulls_first: false,
    };
    Index {
        name: name.to_owned(),
        method: "btree".to_owned(),
        elements: columns.iter().map(element).collect(),
        include: Vec::new(),
        predicate: None,
        unique: false,
        nulls_not_distinct: false,
        valid: true,
        immediate: true,
        constraint: None,
        inherited: false,
        options: Vec::new(),
        comment: None,
    }
}

pub(super) fn counting() -> SequenceOptions {
    SequenceOptions {
        start: 1,
        increment: 1,
        min: 1,
        max: i32::MAX.into(),
        cache: 1,
        cycle: false,
    }
}

pub(super) fn table(schema: &str, name: &str, mut columns: Vec<Column>) -> Table {
    for (position, column) in (1..).zip(&mut columns) {
        column.position = position;
    }
    Table::bare(QualifiedName::new(schema, name), TableKind::Table, columns)
}

pub(super) fn schema(tables: Vec<Table>) -> Schema {
    let mut schemas: Vec<_> = tables
        .iter()
        .map(|table| table.name.schema.clone())
        .collect();
    schemas.dedup();
    Schema {
        server_version: 150_018,
        search_path: names(&["public"]),
        schemas,
        tables: tables.into_iter().map(Arc::new).collect(),
        ..Schema::default()
    }
}

/// Authors and their books.
pub(super) fn library() -> Schema {
    let mut author = table(
        "public",
        "author",
        vec![not_null("id", "integer"), not_null("name", "text")],
    );
    author.primary_key = Some(primary_key("author_pkey", &["id"]));
    author.unique_constraints = vec![unique("author_name_key", &["name"])];
    author.indexes = vec![
        behind(index("author_name_key", &["name"])),
        behind(index("author_pkey", &["id"])),
    ];
    let mut book = table(
        "public",
        "book",
        vec![
            not_null("id", "integer"),
            not_null("author", "integer"),
            column("price", "numeric(12,2)"),
        ],
    );
    book.comment = Some("what the library has".to_owned());
    book.columns[2].comment = Some("in \"euros\",\nor nothing".to_owned());
    book.primary_key = Some(primary_key("book_pkey", &["id"]));
    let mut key = foreign_key(
        "book_author_fkey",
        &["author"],
        ("public", "author"),
        &["id"],
    );
    key.on_delete = Action::Cascade;
    book.foreign_keys = vec![key];
    book.indexes = vec![behind(index("book_pkey", &["id"]))];
    schema(vec![author, book])
}

fn behind(index: Index) -> Index {
    Index {
        unique: true,
        constraint: Some(index.name.clone()),
        ..index
    }
}
