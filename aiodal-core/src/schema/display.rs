//! A schema as text, in the manner of psql's `\d`: for a terminal, and for the snapshot of a test.

mod function;
mod lines;
mod table;
mod types;

use std::fmt;

use self::lines::{Lines, Text};
use super::{Schema, Sequence, Table};

/// As text, a line per fact and nothing that a second run would change: no OIDs, no versions, no sizes.
///
/// Types come first, then tables, sequences and functions, each ordered by name. The alternate form `{:#}` begins with
/// the server's version and the search path.
///
/// ```no_run
/// # fn example(schema: &aiodal_core::Schema) {
/// println!("{schema}");
/// # }
/// ```
impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about_server = f.alternate();
        let mut lines = Lines::new(f);
        if about_server {
            let (major, minor) = (self.server_version / 10_000, self.server_version % 10_000);
            lines.line(0, &Text::new().word(format!("server {major}.{minor}")))?;
            let path = Text::new()
                .word("search path")
                .names("", &self.search_path, "");
            lines.line(0, &path)?;
        }
        lines.line(0, &Text::new().word("schemas").names("", &self.schemas, ""))?;
        for data_type in &self.types {
            lines.gap()?;
            types::write(&mut lines, data_type)?;
        }
        for table in &self.tables {
            lines.gap()?;
            table::write(&mut lines, table)?;
        }
        if !self.sequences.is_empty() {
            lines.gap()?;
        }
        for sequence in &self.sequences {
            lines.line(0, &self::sequence(sequence))?;
        }
        if !self.functions.is_empty() {
            lines.gap()?;
        }
        for function in &self.functions {
            lines.line(0, &function::text(function))?;
        }
        Ok(())
    }
}

/// As text, in the manner of psql's `\d`: a line per column, constraint and index.
///
/// An index that says no more than the constraint it is behind is left out; so are OIDs. What would break a line is
/// escaped. The text is for people and for snapshots: it may change between releases.
///
/// ```text
/// table public.book -- what the library has
///   id      integer        not null  generated always as identity
///   author  integer        not null
///   price   numeric(12,2)            default 0 -- in euros
///   primary key: book_pkey (id)
///   foreign key: book_author_fkey (author) references public.author (id) on delete cascade
///   check: book_price_check (price >= (0)::numeric)
///   index: book_price_idx (price desc) where (price > (0)::numeric)
/// ```
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        table::write(&mut Lines::new(f), self)
    }
}

fn sequence(sequence: &Sequence) -> Text {
    let owner = sequence.owned_by.as_ref();
    Text::new()
        .word("sequence")
        .word(&sequence.name)
        .word(&sequence.data_type)
        .word(lines::options(&sequence.options, &sequence.data_type))
        .some(owner, |text, (table, column)| {
            text.word("owned by").word(table).join(".").name(column)
        })
        .extension(sequence.extension.as_deref())
        .comment(sequence.comment.as_deref())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::SequenceOptions;
    use super::super::sample::{
        column, counting, data_type, index, library, not_null, primary_key, table, unique,
    };
    use super::super::{
        Argument, ArgumentMode, Check, Deferrable, Domain, DomainCheck, Exclusion,
        ExclusionElement, Function, Generated, Identity, QualifiedName, TableKind, TypeKind,
    };
    use super::*;

    #[test]
    fn tables_are_written_in_columns_and_a_line_per_constraint() {
        let expected = r#"schemas public

table public.author
  id    integer  not null
  name  text     not null
  primary key: author_pkey (id)
  unique: author_name_key (name)

table public.book -- what the library has
  id      integer        not null
  author  integer        not null
  price   numeric(12,2)            -- in "euros",\nor nothing
  primary key: book_pkey (id)
  foreign key: book_author_fkey (author) references public.author (id) on delete cascade"#;
        assert_eq!(library().to_string(), expected);
        let alternate = format!("{:#}", library());
        assert_eq!(
            alternate,
            format!("server 15.18\nsearch path public\n{expected}")
        );
    }

    #[test]
    fn what_columns_have_of_their_own_follows_them() {
        let mut odd = table(
            "My schema",
            "o\"dd",
            vec![
                not_null("id", "integer"),
                column("nr", "bigint"),
                column("twice", "bigint"),
                column("line\nfeed", "text"),
            ],
        );
        odd.columns[0].identity = Some(Identity {
            always: true,
            options: SequenceOptions {
                start: 10,
                cycle: true,
                ..counting()
            },
        });
        odd.columns[0].sequence = Some(QualifiedName::new("My schema", "o\"dd_id_seq"));
        odd.columns[1].default = Some("nextval('\"My schema\".s'::regclass)".to_owned());
        odd.columns[1].sequence = Some(QualifiedName::new("My schema", "s"));
        odd.columns[2].generated = Some(Generated {
            expression: "(nr * 2)".to_owned(),
            stored: true,
        });
        odd.columns[3].collation = Some(QualifiedName::new("pg_catalog", "C"));
        let expected = r#"table "My schema"."o""dd"
  id            integer  not null  generated always as identity (start 10 cycle)
  nr            bigint             default nextval('"My schema".s'::regclass) owns "My schema".s
  twice         bigint             generated always as (nr * 2) stored
  "line\nfeed"  text               collate pg_catalog."C""#;
        assert_eq!(odd.to_string(), expected);
    }

    #[test]
    fn constraints_and_indexes_say_all_that_is_unusual() {
        let mut room = table("public", "room", vec![column("n", "integer")]);
        let mut key = primary_key("room_pkey", &["n"]);
        key.include = vec!["x y".to_owned()];
        key.deferrable = Deferrable::InitiallyDeferred;
        room.primary_key = Some(key);
        let mut key = unique("room_key", &["n"]);
        key.nulls_not_distinct = true;
        key.deferrable = Deferrable::InitiallyImmediate;
        room.unique_constraints = vec![key];
        room.checks = vec![Check {
            name: "positive".to_owned(),
            expression: "(n > 0)".to_owned(),
            columns: vec!["n".to_owned()],
            validated: false,
            enforced: true,
            no_inherit: true,
            inherited: false,
            comment: Some("no cellar".to_owned()),
        }];
        room.exclusions = vec![Exclusion {
            name: "apart".to_owned(),
            elements: vec![ExclusionElement {
                column: None,
                expression: Some("int4range(n, n)".to_owned()),
                operator: "&&".to_owned(),
            }],
            predicate: Some("(n > 1)".to_owned()),
            deferrable: Deferrable::No,
            comment: None,
        }];
        let mut apart = index("apart", &["n"]);
        apart.method = "gist".to_owned();
        apart.constraint = Some("apart".to_owned());
        let mut down = index("down", &["n", "m"]);
        down.unique = true;
        down.elements[0].descending = true;
        down.elements[0].nulls_first = true;
        down.elements[1].operator_class = Some(QualifiedName::new("pg_catalog", "int4_ops"));
        down.elements[1].descending = true;
        down.predicate = Some("(n > 2)".to_owned());
        down.options = vec!["fillfactor=70".to_owned()];
        down.valid = false;
        room.indexes = vec![apart, down];
        let expected = r#"table public.room
  n  integer
  primary key: room_pkey (n) include ("x y") deferrable initially deferred
  unique: room_key (n) nulls not distinct deferrable
  check: positive (n > 0) no inherit not valid -- no cellar
  exclude: apart using gist (int4range(n, n) with &&) where (n > 1)
  unique index: down (n desc, m pg_catalog.int4_ops desc nulls last) with (fillfactor=70) where (n > 2) invalid"#;
        assert_eq!(room.to_string(), expected);
    }

    #[test]
    fn views_types_sequences_and_functions_are_written_too() {
        let mut view = table("public", "cheap", vec![column("id", "integer")]);
        view.kind = TableKind::View;
        view.definition = Some(" SELECT book.id\n   FROM public.book;".to_owned());
        let base = Schema::default();
        let named = |name: &str, kind: TypeKind| {
            let mut made = (*data_type(name)).clone();
            made.name = QualifiedName::new("public", name);
            made.kind = kind;
            Arc::new(made)
        };
        let schema = Schema {
            schemas: vec!["public".to_owned()],
            tables: vec![Arc::new(view)],
            types: vec![
                named(
                    "mood",
                    TypeKind::Enum(vec!["so, so".to_owned(), "it's".to_owned()]),
                ),
                named(
                    "posint",
                    TypeKind::Domain(Domain {
                        base: data_type("integer"),
                        not_null: true,
                        default: Some("1".to_owned()),
                        checks: vec![DomainCheck {
                            name: "posint_check".to_owned(),
                            expression: "(VALUE > 0)".to_owned(),
                            validated: true,
                        }],
                    }),
                ),
            ],
            sequences: vec![Sequence {
                name: QualifiedName::new("public", "s"),
                data_type: "integer".to_owned(),
                options: counting(),
                owned_by: Some((QualifiedName::new("public", "book"), "id".to_owned())),
                comment: None,
                extension: None,
            }],
            functions: vec![Arc::new(Function {
                name: QualifiedName::new("public", "f"),
                arguments: vec![Argument {
                    name: Some("of".to_owned()),
                    data_type: data_type("text[]"),
                    mode: ArgumentMode::Variadic,
                    has_default: false,
                }],
                returns: data_type("record"),
                columns: vec![super::super::Field {
                    name: "n".to_owned(),
                    data_type: data_type("bigint"),
                }],
                comment: Some("rows".to_owned()),
                extension: None,
            })],
            ..base
        };
        let expected = r"schemas public

enum public.mood ('so, so', 'it''s')

domain public.posint integer not null default 1
  check: posint_check (VALUE > 0)

view public.cheap
  id  integer
  definition:
     SELECT book.id
       FROM public.book;

sequence public.s integer owned by public.book.id

function public.f(variadic of text[]) returns setof record (n bigint) -- rows";
        assert_eq!(schema.to_string(), expected);
    }
}
