//! Graphs for Graphviz.

use std::collections::BTreeSet;
use std::fmt::{self, Display};

use super::{Folded, Marks, Relation, short};
use crate::schema::{Column, QualifiedName, Schema, Table, TableKind};

/// A schema as a graph for Graphviz; [`Display`] writes it.
///
/// A table is a node with a row per column; a foreign key is an edge from each referring column to the referred one, with
/// crow's feet. A table that is referred to but was not reflected is a node with its name only.
#[derive(Clone, Copy, Debug)]
pub struct Dot<'a> {
    schema: &'a Schema,
}

impl<'a> Dot<'a> {
    pub(super) fn new(schema: &'a Schema) -> Dot<'a> {
        Dot { schema }
    }
}

impl Display for Dot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let folded = Folded::new(self.schema);
        f.write_str(
            "digraph schema {\n    \
             graph [rankdir=LR, fontname=\"Helvetica\"]\n    \
             node [shape=plain, fontname=\"Helvetica\"]\n    \
             edge [dir=both]\n",
        )?;
        let schemas: BTreeSet<_> = folded.tables().map(|table| &table.name.schema).collect();
        for schema in schemas {
            // A name that begins with `cluster` is what makes a subgraph a box.
            writeln!(
                f,
                "    subgraph {} {{",
                quoted(&format!("cluster {schema}"))
            )?;
            writeln!(f, "        label={}", quoted(schema))?;
            for table in folded.tables().filter(|table| &table.name.schema == schema) {
                node(f, table)?;
            }
            f.write_str("    }\n")?;
        }
        for name in strangers(&folded) {
            let label = text(&name.to_string());
            writeln!(f, "    {} [label=<{label}>]", id(name))?;
        }
        for relation in folded.relations() {
            edges(f, &folded, &relation)?;
        }
        f.write_str("}\n")
    }
}

/// What is referred to and not there.
fn strangers<'a>(folded: &Folded<'a>) -> BTreeSet<&'a QualifiedName> {
    let referred = folded.relations().map(|relation| relation.to);
    referred
        .filter(|name| !folded.by_name.contains_key(name))
        .collect()
}

fn node(f: &mut fmt::Formatter<'_>, table: &Table) -> fmt::Result {
    let kind = match table.kind {
        TableKind::Table => "",
        TableKind::PartitionedTable => "partitioned table",
        TableKind::View => "view",
        TableKind::MaterializedView => "materialized view",
        TableKind::ForeignTable => "foreign table",
    };
    write!(
        f,
        "        {} [label=<<table border=\"0\" cellborder=\"1\" cellspacing=\"0\" cellpadding=\"4\">\
         <tr><td colspan=\"3\" bgcolor=\"#e8e8e8\"><b>{}</b>",
        id(&table.name),
        text(&table.name.name)
    )?;
    let below = [
        Some(kind).filter(|kind| !kind.is_empty()),
        table.comment.as_deref(),
    ];
    for small in below.into_iter().flatten() {
        write!(f, "<br/><i>{}</i>", text(small))?;
    }
    f.write_str("</td></tr>")?;
    for (port, column) in (1..).zip(&table.columns) {
        row(f, table, port, column)?;
    }
    f.write_str("</table>>]\n")
}

fn row(f: &mut fmt::Formatter<'_>, table: &Table, port: usize, column: &Column) -> fmt::Result {
    let name = text(&column.name);
    // A nullable column's name is in italics: the marks have their cell already.
    let name = if column.not_null {
        name
    } else {
        format!("<i>{name}</i>")
    };
    write!(
        f,
        "<tr><td align=\"left\" port=\"{port}w\">{name}</td><td align=\"left\">{}</td><td align=\"left\" port=\"{port}e\">{}",
        text(&short(&column.data_type)),
        Marks::of(table, column).texts().join(" ")
    )?;
    if let Some(comment) = &column.comment {
        write!(f, " <i>{}</i>", text(comment))?;
    }
    f.write_str("</td></tr>")
}

fn edges(f: &mut fmt::Formatter<'_>, folded: &Folded<'_>, relation: &Relation<'_>) -> fmt::Result {
    // Graphviz reads an arrow from the tip: first what is nearest to the node.
    let tail = if relation.single {
        "teeodot"
    } else {
        "crowodot"
    };
    let head = if relation.optional {
        "teeodot"
    } else {
        "teetee"
    };
    let style = if relation.identifying {
        "solid"
    } else {
        "dashed"
    };
    let pairs = relation
        .key
        .columns
        .iter()
        .zip(&relation.key.referred_columns);
    for (from, to) in pairs {
        writeln!(
            f,
            "    {}{} -> {}{} [arrowtail={tail}, arrowhead={head}, style={style}, tooltip={}]",
            id(relation.from),
            port(folded, relation.from, from, 'e'),
            id(relation.to),
            port(folded, relation.to, to, 'w'),
            quoted(&relation.key.name)
        )?;
    }
    Ok(())
}

/// Where an edge of a column begins or ends: at the east or west of its row.
fn port(folded: &Folded<'_>, table: &QualifiedName, column: &str, side: char) -> String {
    let position = folded
        .by_name
        .get(table)
        .and_then(|table| table.columns.iter().position(|other| other.name == column));
    position.map_or_else(String::new, |at| format!(":\"{}{side}\":{side}", at + 1))
}

fn id(name: &QualifiedName) -> String {
    quoted(&name.to_string())
}

/// A quoted string of DOT; a backslash would begin an escape.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            _ if c.is_control() => quoted.push(' '),
            _ => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Text in an HTML-like label, which is XML 1.0; a line feed would be read as a space.
fn text(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("<br/>"),
            '\u{fffe}' | '\u{ffff}' => escaped.push(char::REPLACEMENT_CHARACTER),
            _ if c.is_whitespace() => escaped.push(' '),
            _ if c.is_control() => escaped.push(char::REPLACEMENT_CHARACTER),
            _ => escaped.push(c),
        }
    }
    // An element must not be empty.
    if escaped.is_empty() {
        escaped.push(' ');
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::super::super::sample::{column, foreign_key, library, schema, table};

    #[test]
    fn tables_are_labels_with_ports_and_keys_are_edges_between_them() {
        let text = library().dot().to_string();
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        assert_eq!(
            lines[4..6],
            ["subgraph \"cluster public\" {", "label=\"public\""]
        );
        assert!(
            lines[6].starts_with("\"public.author\" [label=<<table "),
            "{text}"
        );
        let row = "<tr><td align=\"left\" port=\"3w\"><i>price</i></td><td align=\"left\">numeric(12,2)</td>\
                   <td align=\"left\" port=\"3e\"> <i>in &quot;euros&quot;,<br/>or nothing</i></td></tr>";
        assert!(lines[7].contains(row), "{text}");
        assert_eq!(
            lines[9],
            "\"public.book\":\"2e\":e -> \"public.author\":\"1w\":w \
             [arrowtail=crowodot, arrowhead=teetee, style=dashed, tooltip=\"book_author_fkey\"]"
        );
    }

    #[test]
    fn names_are_escaped_for_both_languages() {
        let mut odd = table("a\\", "<\"&\u{1}", vec![column("x\ny", "text")]);
        odd.foreign_keys = vec![foreign_key("k\\n", &["x\ny"], ("else", "where"), &["z"])];
        let text = schema(vec![odd]).dot().to_string();
        let id = r#""\"a\\\".\"<\"\"& \"""#.replace("\"\"&", "\\\"\\\"&");
        assert!(text.contains("label=\"a\\\\\"\n"), "{text}");
        assert!(text.contains("<b>&lt;&quot;&amp;\u{fffd}</b>"), "{text}");
        assert!(
            text.contains(&format!("{id}:\"1e\":e -> \"else.where\" [")),
            "{text}"
        );
        assert!(
            text.contains("\"else.where\" [label=<else.where>]"),
            "{text}"
        );
        assert!(text.contains("tooltip=\"k\\\\n\""), "{text}");
    }
}
