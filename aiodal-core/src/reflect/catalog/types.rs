//! Types, and what they are made of.

use super::remarks::remarks;
use super::{FIRST_NORMAL_OID, FIRST_UNKNOWN_TYPE, NAMESPACES, RELATIONS, ROW_TYPES, Scope};

/// The types in use, and what they are made of in turn; with them, of schemas that are reflected whole, all others.
///
/// What columns use is known from `pg_depend` too, by index: `pg_attribute` is the greatest of catalogs and is read once.
/// Only types of the system's own have no dependencies; where they matter they are asked for with [`more_types`].
pub(in crate::reflect) fn types(scope: Scope<'_>, functions: bool) -> String {
    if scope.one_by_one() {
        return types_from(
            scope,
            &format!(
                "select a.atttypid from pg_attribute a
                where a.attrelid = any ({RELATIONS}) and a.attnum > 0 and not a.attisdropped and {}",
                unknown("a.atttypid")
            ),
        );
    }
    let functions = if functions {
        format!(
            "union select x.oid from pg_proc p
            cross join lateral unnest(coalesce(p.proallargtypes, p.proargtypes::oid[]) || p.prorettype) as x(oid)
            where p.pronamespace = any ({NAMESPACES}) and {} and p.proretset and p.prokind = 'f' and {}",
            scope.normal("p.oid"),
            unknown("x.oid")
        )
    } else {
        String::new()
    };
    types_from(
        scope,
        &format!(
            "select d.refobjid from pg_depend d join pg_class c on c.oid = d.objid
            where d.refclassid = 'pg_type'::regclass and d.classid = 'pg_class'::regclass and {}
            union
            select t.oid from pg_type t left join pg_class k on k.oid = t.typrelid
            where t.typnamespace = any ({NAMESPACES}) and (
                t.typtype in ('e', 'd', 'r') or t.typtype = 'c' and k.relkind = 'c')
            {functions}",
            scope.relation("c"),
        ),
    )
}

/// Types by their OIDs, which are `$1`.
pub(in crate::reflect) fn more_types(scope: Scope<'_>) -> String {
    types_from(scope, "select unnest($1::oid[])")
}

fn unknown(oid: &str) -> String {
    format!("({oid} >= {FIRST_UNKNOWN_TYPE} or {oid} in ({ROW_TYPES}))")
}

fn types_from(scope: Scope<'_>, seeds: &str) -> String {
    let listed = if scope.one_by_one() {
        format!("t.oid >= {FIRST_NORMAL_OID}")
    } else {
        format!("t.typnamespace = any ({NAMESPACES})")
    };
    format!(
        "with recursive used(oid) as (
            ({seeds})
            union
            select part.oid from used
            join pg_type t on t.oid = used.oid
            cross join lateral (
                select t.typelem union all select t.typbasetype
                union all select r.rngsubtype from pg_range r where t.typtype = 'r' and r.rngtypid = t.oid
                union all select r.rngtypid from pg_range r where t.typtype = 'm' and r.rngmultitypid = t.oid
                union all select a.atttypid from pg_attribute a
                    where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
            ) part(oid)
            where {}
        )
        select t.oid, n.nspname, t.typname, t.typtype, format_type(t.oid, -1), t.typcollation,
            {listed} and (t.typtype <> 'c' or k.relkind = 'c'),
            case when t.typsubscript = 'array_subscript_handler'::regproc then t.typelem else 0 end,
            t.typbasetype, t.typtypmod,
            case when t.typtypmod <> -1 and t.typbasetype >= {FIRST_UNKNOWN_TYPE}
                then format_type(t.typbasetype, t.typtypmod) end,
            t.typnotnull,
            case when t.typtype = 'd' then pg_get_expr(t.typdefaultbin, 0) end,
            ch.names, ch.expressions, ch.validated,
            case when t.typtype = 'e' then array(
                select e.enumlabel::text from pg_enum e where e.enumtypid = t.oid order by e.enumsortorder) end,
            f.names, f.types, f.modifiers, f.formatted,
            case t.typtype when 'r' then (select r.rngsubtype from pg_range r where r.rngtypid = t.oid)
                when 'm' then (
                    select r.rngsubtype from pg_range r where r.rngmultitypid = t.oid) end,
            {}
        from pg_type t
        join pg_namespace n on n.oid = t.typnamespace
        left join pg_class k on k.oid = t.typrelid
        left join lateral (
            select array_agg(con.conname::text order by con.conname) as names,
                array_agg(pg_get_expr(con.conbin, 0) order by con.conname) as expressions,
                array_agg(con.convalidated order by con.conname) as validated
            from pg_constraint con where con.contypid = t.oid and con.contype = 'c'
        ) ch on t.typtype = 'd'
        left join lateral (
            select array_agg(a.attname::text order by a.attnum) as names,
                array_agg(a.atttypid order by a.attnum) as types,
                array_agg(a.atttypmod order by a.attnum) as modifiers,
                array_agg(case when a.atttypmod <> -1 and a.atttypid >= {FIRST_UNKNOWN_TYPE}
                    then format_type(a.atttypid, a.atttypmod) end order by a.attnum) as formatted
            from pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
        ) f on t.typtype = 'c'
        where t.oid = any (array(select used.oid from used))",
        unknown("part.oid"),
        remarks("pg_type", "t.oid"),
    )
}
