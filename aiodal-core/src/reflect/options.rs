//! What of a database is to be reflected.

/// What a reflection reads: which schemas, and what in them.
///
/// By default: the schemas of the search path, the session's temporary one included, with their tables, views,
/// materialized views, foreign tables, types, sequences and set-returning functions. Not: partitions (their partitioned
/// table stands for them), what belongs to extensions, and the queries of views.
///
/// ```
/// use aiodal_core::Reflect;
///
/// let options = Reflect::new().schemas(["audit"]).partitions(true).functions(false);
/// # let _ = options;
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct Reflect {
    pub(super) search_path: bool,
    pub(super) all_schemas: bool,
    pub(super) schemas: Vec<String>,
    pub(super) only: Option<Vec<String>>,
    pub(super) views: bool,
    pub(super) foreign_tables: bool,
    pub(super) partitions: bool,
    pub(super) extensions: bool,
    pub(super) functions: bool,
    pub(super) definitions: bool,
    pub(super) follow: bool,
    pub(super) accessible: bool,
}

impl Default for Reflect {
    fn default() -> Reflect {
        Reflect {
            search_path: true,
            all_schemas: false,
            schemas: Vec::new(),
            only: None,
            views: true,
            foreign_tables: true,
            partitions: false,
            extensions: false,
            functions: true,
            definitions: false,
            follow: false,
            accessible: false,
        }
    }
}

impl Reflect {
    /// Makes the default options.
    #[must_use]
    pub fn new() -> Reflect {
        Reflect::default()
    }

    /// Adds schemas to those of the search path, by their names as they are, unquoted.
    ///
    /// A name that does not exist is an error of the reflection. `pg_catalog` and `information_schema` are reflected only
    /// if they are named here.
    #[must_use]
    pub fn schemas<I>(mut self, names: I) -> Reflect
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.schemas.extend(names.into_iter().map(Into::into));
        self
    }

    /// Says whether the schemas of the search path are reflected; they are by default.
    #[must_use]
    pub fn search_path(mut self, yes: bool) -> Reflect {
        self.search_path = yes;
        self
    }

    /// Says whether all schemas are reflected, those of the system and other sessions' temporary ones excepted.
    #[must_use]
    pub fn all_schemas(mut self, yes: bool) -> Reflect {
        self.all_schemas = yes;
        self
    }

    /// Restricts the reflection to these relations, with the types and sequences that they use.
    ///
    /// Names are written as for [`Schema::table`](crate::Schema::table); one without a schema means every relation of
    /// that name in the reflected schemas. Each names a relation of any kind, a partition or an extension's included, and
    /// one that does not exist is an error of the reflection. Called again, it adds names. Functions are left out.
    #[must_use]
    pub fn only<I>(mut self, names: I) -> Reflect
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let only = self.only.get_or_insert_default();
        only.extend(names.into_iter().map(Into::into));
        self
    }

    /// Says whether views and materialized views are reflected; they are by default.
    #[must_use]
    pub fn views(mut self, yes: bool) -> Reflect {
        self.views = yes;
        self
    }

    /// Says whether foreign tables are reflected; they are by default.
    #[must_use]
    pub fn foreign_tables(mut self, yes: bool) -> Reflect {
        self.foreign_tables = yes;
        self
    }

    /// Says whether partitions are reflected besides their partitioned tables; they are not by default.
    ///
    /// A partitioned table that is itself a partition counts as a partition.
    #[must_use]
    pub fn partitions(mut self, yes: bool) -> Reflect {
        self.partitions = yes;
        self
    }

    /// Says whether relations, types, sequences and functions of extensions are reflected; they are not by default.
    ///
    /// The types of columns are reflected whoever they belong to.
    #[must_use]
    pub fn extensions(mut self, yes: bool) -> Reflect {
        self.extensions = yes;
        self
    }

    /// Says whether functions that return a set of rows are reflected; they are by default.
    #[must_use]
    pub fn functions(mut self, yes: bool) -> Reflect {
        self.functions = yes;
        self
    }

    /// Says whether the queries of views are read; they are not by default, for the server takes long to write them out.
    #[must_use]
    pub fn definitions(mut self, yes: bool) -> Reflect {
        self.definitions = yes;
        self
    }

    /// Says whether tables that a foreign key refers to are reflected wherever they are; they are not by default.
    ///
    /// The names of the table and columns that a foreign key refers to are known in either case.
    #[must_use]
    pub fn follow_foreign_keys(mut self, yes: bool) -> Reflect {
        self.follow = yes;
        self
    }

    /// Says whether relations are left out on which the role has no privilege at all; they are not by default.
    #[must_use]
    pub fn accessible_only(mut self, yes: bool) -> Reflect {
        self.accessible = yes;
        self
    }

    /// Whether relations are chosen one by one, by their OIDs, and not by their schemas.
    pub(super) fn one_by_one(&self) -> bool {
        self.only.is_some() || self.follow
    }
}
