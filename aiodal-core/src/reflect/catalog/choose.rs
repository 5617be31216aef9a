//! The statements that run first: which schemas, and which relations.

use super::{Chosen, NAMESPACES, PATH, Scope};
use crate::ident::quote_literal;
use crate::reflect::options::Reflect;

/// Chooses the schemas. `$1` is the names that were given.
pub(in crate::reflect) fn namespaces(options: &Reflect) -> String {
    let (path, all) = (options.search_path, options.all_schemas);
    format!(
        "with chosen as (
            select n.oid, n.nspname::text as name from pg_namespace n
            where n.nspname = any ($1::name[])
               or {path} and n.nspname = any ({PATH}) and n.nspname not in ('pg_catalog', 'information_schema')
               or {all} and (n.nspname !~ '^pg_' and n.nspname <> 'information_schema' or n.oid = pg_my_temp_schema())
        )
        select array_remove({PATH}, 'pg_catalog')::text[],
            array(select name from chosen),
            array(select name from unnest($1::text[]) name where name not in (select c.name from chosen c)),
            case when not $1::text[] <@ array(select name from chosen)
                then array(select nspname::text from pg_namespace where nspname !~ '^pg_(toast|temp)') end,
            set_config('aiodal.namespaces',
                coalesce((select string_agg(oid::text, ',') from chosen), ''), true)"
    )
}

/// Chooses relations in the schemas: those named by `$1` to `$4` if `named`, else all; and what their foreign keys lead to.
///
/// The parameters are parallel arrays: the number of what was asked for, the number of the reading of it, schema and name.
pub(in crate::reflect) fn listed(scope: Scope<'_>, named: bool) -> String {
    let every = Scope {
        chosen: Chosen::Schemas,
        ..scope
    };
    let chosen = if named {
        format!(
            "select found.asked, found.oid from (
                select w.asked, c.oid, w.reading, min(w.reading) over (partition by w.asked) as best
                from wanted w
                join pg_class c on c.relname = w.name::name and c.relkind in ('r', 'p', 'v', 'm', 'f')
                join pg_namespace n on n.oid = c.relnamespace
                where case when w.schema is null then c.relnamespace = any ({NAMESPACES}) else n.nspname = w.schema end
            ) found where found.reading = found.best"
        )
    } else {
        format!(
            "select null::int as asked, c.oid from pg_class c where {}",
            every.relation("c")
        )
    };
    let follow = if scope.options.follow {
        "union select con.confrelid from reached join pg_constraint con on con.conrelid = reached.oid and con.contype = 'f'"
    } else {
        ""
    };
    format!(
        "with recursive wanted as (
            select * from unnest($1::int[], $2::int[], $3::text[], $4::text[]) as w(asked, reading, schema, name)
        ), chosen as ({chosen}), reached(oid) as (
            select oid from chosen {follow}
        ), missed as (
            select distinct asked from wanted where asked not in (select c.asked from chosen c)
        )
        select array(select asked from missed),
            case when exists (select from missed) then array(
                select c.relname::text from pg_class c where {}
            ) end,
            set_config('aiodal.relations', coalesce((select string_agg(oid::text, ',') from reached), ''), true)",
        every.relation("c")
    )
}

/// Chooses one relation, by the readings of its name in `$1` to `$4` and, without a schema, by the search path.
pub(in crate::reflect) fn one() -> String {
    format!(
        "select set_config('aiodal.relations', coalesce((
            select c.oid::text
            from unnest($1::int[], $2::int[], $3::text[], $4::text[]) as w(asked, reading, schema, name)
            join pg_class c on c.relname = w.name::name and c.relkind in ('r', 'p', 'v', 'm', 'f')
            join pg_namespace n on n.oid = c.relnamespace
            where case when w.schema is null then n.nspname = any ({PATH})
                when w.schema = 'pg_temp' then n.oid = pg_my_temp_schema()
                else n.nspname = w.schema end
            order by w.reading, array_position({PATH}, n.nspname)
            limit 1
        ), ''), true)"
    )
}

/// Chooses one relation by its names in SQL, the likeliest first. Takes no parameters and runs before [`ASIDE`](super::ASIDE),
/// with the user's path in force: no join has to be planned for the server's own look-up.
///
/// It finds what has the name first, an index or a sequence too, and fails in a schema that may not be used.
pub(in crate::reflect) fn found(names: &[String]) -> String {
    let look_up = |name: &String| {
        format!(
            "pg_catalog.to_regclass({})::pg_catalog.oid",
            quote_literal(name)
        )
    };
    let oids: Vec<String> = names.iter().map(look_up).chain(["0".to_owned()]).collect();
    format!(
        "select pg_catalog.set_config('aiodal.relations', coalesce({})::pg_catalog.text, true)",
        oids.join(", ")
    )
}

/// The search path, and the relations in it and in schema `$1`; runs alone, with the user's path in force.
pub(in crate::reflect) const NAMES: &str = "\
select pg_catalog.array_remove(pg_catalog.current_schemas(true), 'pg_catalog')::pg_catalog.text[],
    pg_catalog.array_agg(n.nspname::pg_catalog.text), pg_catalog.array_agg(c.relname::pg_catalog.text)
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) c.relnamespace
where c.relkind operator(pg_catalog.=) any (array['r', 'p', 'v', 'm', 'f']::pg_catalog.\"char\"[])
    and n.nspname operator(pg_catalog.=) any (
        pg_catalog.array_remove(pg_catalog.current_schemas(true), 'pg_catalog') operator(pg_catalog.||) $1::pg_catalog.name[])";
