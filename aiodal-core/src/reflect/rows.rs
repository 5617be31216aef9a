//! The rows of the catalog statements, as they come: OIDs, attribute numbers and one-letter codes.

use tokio_postgres::types::{FromSql, Type};
use tokio_postgres::{Error, Row};

use crate::error::BoxError;

/// Reads the columns of a row in the order in which its statement lists them.
struct Cells<'a> {
    row: &'a Row,
    next: usize,
}

impl<'a> Cells<'a> {
    /// Fails on what a catalog of no supported version holds, and on a name that is not UTF-8, as `SQL_ASCII` allows.
    fn next<T: FromSql<'a>>(&mut self) -> Result<T, Error> {
        let index = self.next;
        self.next += 1;
        self.row.try_get(index)
    }
}

/// A `"char"`: a code of one letter, or zero for none.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Letter(pub(super) u8);

impl<'a> FromSql<'a> for Letter {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Letter, BoxError> {
        i8::from_sql(kind, raw).map(|code| Letter(code.cast_unsigned()))
    }

    fn accepts(kind: &Type) -> bool {
        <i8 as FromSql>::accepts(kind)
    }
}

/// What can be read from a row.
pub(super) trait FromCatalog: Sized {
    fn read(row: &Row) -> Result<Self, Error>;

    fn read_all(rows: &[Row]) -> Result<Vec<Self>, Error> {
        rows.iter().map(Self::read).collect()
    }
}

/// Declares rows whose fields are read one after the other.
macro_rules! rows {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty),* $(,)? })*) => {$(
        $(#[$doc])*
        pub(super) struct $name { $(pub(super) $field: $type),* }

        impl FromCatalog for $name {
            fn read(row: &Row) -> Result<Self, Error> {
                let mut cells = Cells { row, next: 0 };
                Ok($name { $($field: cells.next()?),* })
            }
        }
    )*};
}

rows! {
    /// Of `namespaces`.
    Namespaces {
        search_path: Vec<String>,
        chosen: Vec<String>,
        missed: Vec<String>,
        all: Option<Vec<String>>,
    }

    /// Of `listed`.
    Listed {
        missed: Vec<i32>,
        all: Option<Vec<String>>,
    }

    /// Of `NAMES`.
    Names {
        search_path: Vec<String>,
        schemas: Option<Vec<String>>,
        relations: Option<Vec<String>>,
    }

    RelationRow {
        oid: u32,
        schema: String,
        name: String,
        kind: Letter,
        persistence: Letter,
        bound: Option<String>,
        root: Option<u32>,
        strategy: Option<Letter>,
        key: Option<Vec<i16>>,
        key_expressions: Option<String>,
        of_type: Option<Vec<String>>,
        server: Option<String>,
        definition: Option<String>,
        accessible: bool,
    }

    ColumnRow {
        relation: u32,
        number: i16,
        name: String,
        data_type: u32,
        modifier: i32,
        formatted: Option<String>,
        not_null: bool,
        identity: Letter,
        generated: Letter,
        default: Option<String>,
        collation: u32,
        collation_name: Option<Vec<String>>,
    }

    ConstraintRow {
        oid: u32,
        relation: u32,
        kind: Letter,
        name: String,
        key: Option<Vec<i16>>,
        index: u32,
        parent: u32,
        deferrable: bool,
        deferred: bool,
        validated: bool,
        no_inherit: bool,
        local: bool,
        expression: Option<String>,
        operators: Option<Vec<String>>,
        referred: u32,
        referred_key: Option<Vec<i16>>,
        on_update: Letter,
        on_delete: Letter,
        match_type: Letter,
        on_delete_key: Option<Vec<i16>>,
        period: bool,
        enforced: bool,
        referred_names: Option<Vec<String>>,
    }

    IndexRow {
        relation: u32,
        oid: u32,
        name: String,
        method: String,
        key: Vec<i16>,
        key_length: i16,
        classes: Vec<u32>,
        collations: Vec<u32>,
        options: Vec<i16>,
        unique: bool,
        valid: bool,
        immediate: bool,
        nulls_not_distinct: bool,
        partition: bool,
        parameters: Option<Vec<String>>,
        predicate: Option<String>,
        expressions: Option<Vec<String>>,
        collation_names: Option<Vec<String>>,
    }

    OperatorClassRow {
        oid: u32,
        schema: String,
        name: String,
        default: bool,
        taken: Vec<u32>,
    }

    ParentRow {
        child: u32,
        number: i32,
        schema: String,
        name: String,
    }

    SequenceRow {
        oid: u32,
        schema: String,
        name: String,
        data_type: u32,
        start: i64,
        increment: i64,
        min: i64,
        max: i64,
        cache: i64,
        cycle: bool,
        internal: Option<bool>,
        owner: Option<u32>,
        owner_column: Option<i16>,
        owner_names: Option<Vec<String>>,
    }

    TypeRow {
        oid: u32,
        schema: String,
        name: String,
        kind: Letter,
        formatted: String,
        collation: u32,
        listed: bool,
        element: u32,
        base: u32,
        modifier: i32,
        base_formatted: Option<String>,
        not_null: bool,
        default: Option<String>,
        check_names: Option<Vec<String>>,
        check_expressions: Option<Vec<String>>,
        check_validated: Option<Vec<bool>>,
        labels: Option<Vec<String>>,
        field_names: Option<Vec<String>>,
        field_types: Option<Vec<u32>>,
        field_modifiers: Option<Vec<i32>>,
        field_formatted: Option<Vec<Option<String>>>,
        subtype: Option<u32>,
        comment: Option<String>,
        extension: Option<String>,
    }

    CommentRow {
        class: Letter,
        oid: u32,
        column: i32,
        text: String,
    }

    ExtensionRow {
        oid: u32,
        extension: String,
    }

    FunctionRow {
        schema: String,
        name: String,
        returns: u32,
        inputs: Vec<u32>,
        all: Option<Vec<u32>>,
        modes: Option<Vec<Letter>>,
        names: Option<Vec<String>>,
        defaults: i16,
        comment: Option<String>,
        extension: Option<String>,
    }
}
