//! How tables are partitioned, and what of.

use super::relation::Relation;
use super::rows::ParentRow;
use crate::schema::{PartitionOf, PartitionStrategy, Partitioning, QualifiedName};

impl ParentRow {
    pub(super) fn name(&self) -> QualifiedName {
        QualifiedName::new(self.schema.as_str(), self.name.as_str())
    }
}

pub(super) fn partition_of(relation: &Relation) -> Option<PartitionOf> {
    let bound = relation.row.bound.as_ref()?;
    // A partition has one parent.
    let parent = relation.parents.first()?;
    Some(PartitionOf {
        parent: parent.name(),
        bound: bound.clone(),
    })
}

pub(super) fn partitioning(relation: &Relation) -> Option<Partitioning> {
    let strategy = match relation.row.strategy?.0 {
        b'l' => PartitionStrategy::List,
        b'h' => PartitionStrategy::Hash,
        _ => PartitionStrategy::Range,
    };
    let expressions = relation.row.key_expressions.as_deref().unwrap_or_default();
    let mut expressions = items(expressions).into_iter();
    let numbers = relation.row.key.as_deref().unwrap_or_default();
    let part = |number: &i16| match number {
        0 => expressions.next().map(str::to_owned),
        number => relation.names(&[*number]).pop(),
    };
    Some(Partitioning {
        strategy,
        key: numbers.iter().filter_map(part).collect(),
    })
}

/// Takes a list of expressions apart, as `pg_get_expr` writes it.
///
/// No catalog and no function has the expressions one by one; the commas between them are those outside of all
/// parentheses, brackets and quotes. A quote within quotes is doubled, so it closes and opens again.
fn items(list: &str) -> Vec<&str> {
    let mut items = Vec::new();
    let (mut depth, mut quote, mut start) = (0_u32, None, 0);
    for (at, letter) in list.char_indices() {
        match (quote, letter) {
            (Some(open), _) if open == letter => quote = None,
            (None, '\'' | '"') => quote = Some(letter),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                items.push(list[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    let rest = list[start..].trim();
    if !rest.is_empty() {
        items.push(rest);
    }
    items
}

#[cfg(test)]
mod tests {
    use super::items;

    #[test]
    fn commas_within_an_expression_do_not_end_it() {
        let list = r#"lower("a,b"), COALESCE(c, 'x'', ('::text), (d[1] + 1)"#;
        assert_eq!(
            items(list),
            [
                r#"lower("a,b")"#,
                "COALESCE(c, 'x'', ('::text)",
                "(d[1] + 1)"
            ]
        );
        assert!(items("").is_empty());
    }
}
