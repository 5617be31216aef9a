//! Entity relationship diagrams of Mermaid.

use std::fmt::{self, Display, Write};

use super::{Folded, Marks, Relation, short};
use crate::schema::{Column, Schema, Table};

/// A schema as a diagram of Mermaid; [`Display`] writes it.
///
/// It has what GitHub and GitLab draw between ```` ```mermaid ```` and ```` ``` ````. A relation has one or zero-or-one
/// at the referred table, by whether the referring columns take nulls; at the referring table it has zero-or-one where
/// these columns are unique, and else zero-or-more. Its line is solid where they are part of the primary key.
///
/// In an attribute, Mermaid takes few characters; others become `_`, and the comment begins with the column's real name.
#[derive(Clone, Copy, Debug)]
pub struct Mermaid<'a> {
    schema: &'a Schema,
}

impl<'a> Mermaid<'a> {
    pub(super) fn new(schema: &'a Schema) -> Mermaid<'a> {
        Mermaid { schema }
    }
}

impl Display for Mermaid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let folded = Folded::new(self.schema);
        f.write_str("erDiagram\n")?;
        for table in folded.tables() {
            entity(f, &folded, table)?;
        }
        for relation in folded.relations() {
            self::relation(f, &folded, &relation)?;
        }
        Ok(())
    }
}

fn entity(f: &mut fmt::Formatter<'_>, folded: &Folded<'_>, table: &Table) -> fmt::Result {
    let title = escaped(&folded.title(&table.name));
    if table.columns.is_empty() {
        return writeln!(f, "    \"{title}\"");
    }
    writeln!(f, "    \"{title}\" {{")?;
    for column in &table.columns {
        attribute(f, table, column)?;
    }
    f.write_str("    }\n")
}

fn attribute(f: &mut fmt::Formatter<'_>, table: &Table, column: &Column) -> fmt::Result {
    let (data_type, name) = (word(&short(&column.data_type)), word(&column.name));
    write!(f, "        {data_type} {name}")?;
    let marks = Marks::of(table, column).texts();
    if !marks.is_empty() {
        write!(f, " {}", marks.join(", "))?;
    }
    let real = (name != column.name).then_some(column.name.as_str());
    let comment: Vec<_> = real.into_iter().chain(column.comment.as_deref()).collect();
    if !comment.is_empty() {
        write!(f, " \"{}\"", escaped(&comment.join(": ")))?;
    }
    f.write_char('\n')
}

fn relation(
    f: &mut fmt::Formatter<'_>,
    folded: &Folded<'_>,
    relation: &Relation<'_>,
) -> fmt::Result {
    let to = escaped(&folded.title(relation.to));
    let from = escaped(&folded.title(relation.from));
    let one = if relation.optional { "|o" } else { "||" };
    let line = if relation.identifying { "--" } else { ".." };
    let many = if relation.single { "o|" } else { "o{" };
    let name = escaped(&relation.key.name);
    writeln!(f, "    \"{to}\" {one}{line}{many} \"{from}\" : \"{name}\"")
}

/// What every version of Mermaid takes between quotes: all that it might read as something else is a character's number.
///
/// A `%` may begin a directive, a `~` a generic type, a `:` a style; whitespace other than a space is a space. The word
/// `direction` and one of the four directions behind it is a statement wherever it stands in a line.
fn escaped(text: &str) -> String {
    let directs = text.to_ascii_lowercase().contains("direction");
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            ' ' if !directs => escaped.push(c),
            '_' | '-' | '.' | ',' | '(' | ')' | '/' | '\'' => escaped.push(c),
            _ if c.is_alphanumeric() => escaped.push(c),
            _ if c.is_whitespace() && !directs => escaped.push(' '),
            // No markup has control characters, not even by their number.
            _ if c.is_control() && !c.is_whitespace() => escaped.push(char::REPLACEMENT_CHARACTER),
            _ => {
                let number = if c.is_whitespace() { 32 } else { u32::from(c) };
                escaped.extend(["#", &number.to_string(), ";"]);
            }
        }
    }
    if escaped.is_empty() {
        escaped.push(' ');
    }
    escaped
}

/// The nearest text that Mermaid takes as a word of an attribute: an ASCII letter or `_`, then letters, digits, `_-[]()`.
fn word(text: &str) -> String {
    let mut word: String = text
        .chars()
        .map(|c| match c {
            '[' | ']' | '(' | ')' | '-' => c,
            // Mermaid 10 and most of 11 take no others here; between quotes they do.
            _ if c.is_ascii_alphanumeric() => c,
            _ => '_',
        })
        .collect();
    let begins = word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if !begins || is_mark(&word) {
        word.insert(0, '_');
    }
    word
}

/// Whether Mermaid would take it, or its beginning, for the mark of a key.
fn is_mark(word: &str) -> bool {
    let Some(mark) = word.get(..2) else {
        return false;
    };
    let ends = word[2..]
        .chars()
        .next()
        .is_none_or(|c| !c.is_ascii_alphanumeric() && c != '_');
    ends && ["pk", "fk", "uk"]
        .iter()
        .any(|other| mark.eq_ignore_ascii_case(other))
}

#[cfg(test)]
mod tests {
    use super::super::super::sample::{
        column, foreign_key, index, library, names, not_null, primary_key, schema, table, unique,
    };
    use super::super::super::{PartitionOf, QualifiedName, TableKind};

    #[test]
    fn entities_have_marks_and_comments_and_relations_their_cardinality() {
        let expected = r#"erDiagram
    "author" {
        integer id PK
        text name UK
    }
    "book" {
        integer id PK
        integer author FK
        numeric(12_2) price "in #34;euros#34;, or nothing"
    }
    "author" ||..o{ "book" : "book_author_fkey"
"#;
        assert_eq!(library().mermaid().to_string(), expected);
    }

    /// The end of the line that draws a foreign key over `columns` of a table.
    fn relation_over(columns: &[&str]) -> String {
        let mut child = table(
            "public",
            "child",
            vec![
                not_null("a", "integer"),
                not_null("b", "integer"),
                column("c", "integer"),
            ],
        );
        child.primary_key = Some(primary_key("child_pkey", &["a", "b"]));
        child.unique_constraints = vec![unique("child_c_key", &["c"])];
        let mut partial = index("partial", &["a"]);
        partial.unique = true;
        partial.predicate = Some("(b > 0)".to_owned());
        child.indexes = vec![partial];
        child.foreign_keys = vec![foreign_key("k", columns, ("public", "child"), columns)];
        let text = schema(vec![child]).mermaid().to_string();
        let line = text.lines().last().unwrap();
        line.split(' ').nth(5).unwrap().to_owned()
    }

    #[test]
    fn cardinality_follows_nulls_and_keys() {
        assert_eq!(relation_over(&["a"]), "||--o{");
        assert_eq!(relation_over(&["b", "a"]), "||--o|");
        assert_eq!(relation_over(&["c"]), "|o..o|");
        assert_eq!(relation_over(&["a", "c"]), "|o..o|");
    }

    #[test]
    fn names_that_mermaid_would_misread_are_escaped() {
        let mut odd = table(
            "public",
            "say \"%%{hi}%%\" ~a~\\",
            vec![
                column("PK", "timestamp with time zone"),
                column("fk-x", "text[]"),
                column("two words", "text"),
                column("1st", "text"),
                column("größe", "text"),
                column("\u{1f600}", "text"),
                column("pkg", "text"),
            ],
        );
        odd.foreign_keys = vec![foreign_key(
            "direction TB:\n#1;",
            &["pkg"],
            ("a.b", "end"),
            &["x"],
        )];
        let expected = r##"erDiagram
    "public.#34;say #34;#34;#37;#37;#123;hi#125;#37;#37;#34;#34; #126;a#126;#92;#34;" {
        timestamp_with_time_zone _PK "PK"
        text[] _fk-x "fk-x"
        text two_words "two words"
        text _1st "1st"
        text gr__e "größe"
        text _ "#128512;"
        text pkg FK
    }
    "#34;a.b#34;.end" |o..o{ "public.#34;say #34;#34;#37;#37;#123;hi#125;#37;#37;#34;#34; #126;a#126;#92;#34;" : "direction#32;TB#58;#32;#35;1#59;"
"##;
        let text = schema(vec![odd, table("b", "t", Vec::new())])
            .mermaid()
            .to_string();
        assert_eq!(text.replace("    \"b.t\"\n", ""), expected);
    }

    #[test]
    fn partitions_are_drawn_as_their_table() {
        let mut whole = table("public", "event", vec![not_null("at", "date")]);
        whole.kind = TableKind::PartitionedTable;
        whole.foreign_keys = vec![foreign_key("k", &["at"], ("public", "day"), &["at"])];
        let mut part = whole.clone();
        part.name.name = "event_1".to_owned();
        part.kind = TableKind::Table;
        part.foreign_keys[0].inherited = true;
        let own = foreign_key("own", &["at"], ("public", "event_1"), &["at"]);
        part.foreign_keys.push(own);
        part.partition_of = Some(PartitionOf {
            parent: QualifiedName::new("public", "event"),
            bound: "DEFAULT".to_owned(),
        });
        let mut schema = schema(vec![table("public", "day", Vec::new()), whole, part]);
        schema.schemas = names(&["public"]);
        let expected = r#"erDiagram
    "day"
    "event" {
        date at FK
    }
    "day" ||..o{ "event" : "k"
    "event" ||..o{ "event" : "own"
"#;
        assert_eq!(schema.mermaid().to_string(), expected);
    }
}
