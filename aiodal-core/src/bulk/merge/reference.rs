//! Foreign keys as the server compares them.

use std::collections::BTreeMap;

use tokio_postgres::types::Type;

use crate::error::Result;
use crate::ident::quote_ident;
use crate::schema::{ForeignKey, Match, QualifiedName};
use crate::transaction::Transaction;

/// How the server compares the columns of a foreign key.
pub(super) struct Comparison {
    /// Of each pair of columns.
    operators: Vec<String>,
    /// Behind each referring column.
    collations: Vec<String>,
    /// `only`, if rows of tables that inherit are no rows to refer to.
    only: &'static str,
}

const COMPARISONS: &str = "
select c.conname::text,
       array(select format('operator(%I.%s)', n.nspname, o.oprname)
             from unnest(c.conpfeqop) with ordinality u (operator, place)
             join pg_catalog.pg_operator o on o.oid = u.operator
             join pg_catalog.pg_namespace n on n.oid = o.oprnamespace
             order by u.place),
       array(select case when l.oid is null then '' else format(' collate %I.%I', n.nspname, l.collname) end
             from unnest(c.confkey) with ordinality u (number, place)
             join pg_catalog.pg_attribute a on a.attrelid = c.confrelid and a.attnum = u.number
             left join pg_catalog.pg_collation l on l.oid = a.attcollation
             left join pg_catalog.pg_namespace n on n.oid = l.collnamespace
             order by u.place),
       r.relkind <> 'p'
from pg_catalog.pg_constraint c
join pg_catalog.pg_class r on r.oid = c.confrelid
where c.contype = 'f' and c.conrelid = $1::regclass";

/// Writes that `staged` is an orphan; `stage` is where else the row may be that it refers to.
pub(super) fn condition(
    key: &ForeignKey,
    comparison: &Comparison,
    stage: Option<&str>,
) -> Result<String> {
    let mut columns = Vec::with_capacity(key.columns.len());
    let mut same = Vec::with_capacity(key.columns.len());
    let pairs = key.columns.iter().zip(&key.referred_columns);
    let how = comparison.operators.iter().zip(&comparison.collations);
    for ((referring, referred), (operator, collation)) in pairs.zip(how) {
        let (referring, referred) = (quote_ident(referring)?, quote_ident(referred)?);
        same.push(format!(
            "referred.{referred} {operator} staged.{referring}{collation}"
        ));
        columns.push(format!("staged.{referring}"));
    }
    let same = same.join(" and ");
    let table = format!(
        "{} {}.{}",
        comparison.only,
        quote_ident(&key.referred_table.schema)?,
        quote_ident(&key.referred_table.name)?
    );
    let tables = [Some(&*table), stage].into_iter().flatten();
    let nowhere: Vec<String> = tables
        .map(|table| format!("not exists (select from {table} as referred where {same})"))
        .collect();
    let nowhere = nowhere.join(" and ");
    let columns = columns.join(", ");
    Ok(match key.match_type {
        Match::Simple | Match::Partial => format!("num_nulls({columns}) = 0 and {nowhere}"),
        Match::Full => {
            format!("num_nonnulls({columns}) > 0 and (num_nulls({columns}) > 0 or {nowhere})")
        }
    })
}

pub(super) async fn comparisons(
    tx: &Transaction,
    table: &QualifiedName,
) -> Result<BTreeMap<String, Comparison>> {
    let name = format!(
        "{}.{}",
        quote_ident(&table.schema)?,
        quote_ident(&table.name)?
    );
    let rows = tx.query_typed(COMPARISONS, &[(&name, Type::TEXT)]).await?;
    let rows = rows.iter().map(|row| {
        let comparison = Comparison {
            operators: row.get(1),
            collations: row.get(2),
            only: if row.get(3) { "only" } else { "" },
        };
        (row.get(0), comparison)
    });
    Ok(rows.collect())
}
