//! The statements that read the catalogs: flat, unordered, and without a word of SQL text to be parsed.
//!
//! PostgreSQL manual, chapter 52, "System Catalogs". Each reads one catalog whole, for the relations in question, and the
//! client joins and sorts: the server would spill a sort of all columns to disk. They can be in one pipeline because what
//! the first of them finds out, the others read from a setting that is local to the transaction.

use super::options::Reflect;

/// The first OID that is not handed out by initdb: `FirstNormalObjectId`. What is beyond is found by index in catalogs
/// that hold thousands of rows of the system's own.
const FIRST_NORMAL_OID: u32 = 16384;

/// Types from here on are asked for; those below are the driver's common knowledge, but for [`ROW_TYPES`].
pub(super) const FIRST_UNKNOWN_TYPE: u32 = 4538;

/// The row types of catalogs among the OIDs below, and arrays of them.
const ROW_TYPES: &str = "71, 75, 81, 83, 210, 270, 272, 273, 1248, 2842, 2843, 4066";

/// Puts names and opinions of the user's session aside; runs right behind BEGIN or SAVEPOINT.
///
/// With an empty path every name in an expression comes out qualified. JIT would compile for longer than these run
/// where the catalogs were never analyzed, and starting workers takes longer than what they would save.
pub(super) const ASIDE: &str = "\
select pg_catalog.set_config('aiodal.search_path', pg_catalog.current_schemas(true)::pg_catalog.text, true);
set local search_path = '';
set local jit = off;
set local max_parallel_workers_per_gather = 0";

/// The OIDs of the schemas in question, as [`namespaces`] found them. A sub-select, so that it is evaluated once.
const NAMESPACES: &str =
    "array(select unnest(string_to_array(current_setting('aiodal.namespaces'), ',')::oid[]))";

/// The OIDs of the relations in question, as [`named`], [`followed`] or [`one`] found them.
///
/// What depends on them is compared with an array and not with a sub-select, `= any (array(select ..))`: of the latter
/// the planner expects many rows, and reads a catalog of thousands whole where its index would do.
const RELATIONS: &str =
    "array(select unnest(string_to_array(current_setting('aiodal.relations'), ',')::oid[]))";

const PATH: &str = "array(select unnest(current_setting('aiodal.search_path')::name[]))";

/// What a reflection is about, and on which version of the server.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) options: &'a Reflect,
    /// Relations are given by OID: a table alone, or those that options name or lead to.
    pub(super) one_by_one: bool,
    /// As `server_version_num` has it.
    pub(super) version: u32,
}

impl Scope<'_> {
    /// The condition on `pg_class` by the name of `c`.
    fn relation(&self, c: &str) -> String {
        if self.one_by_one {
            return format!("{c}.oid = any ({RELATIONS})");
        }
        let views = if self.options.views { ", 'v', 'm'" } else { "" };
        let foreign = if self.options.foreign_tables {
            ", 'f'"
        } else {
            ""
        };
        let partitions = if self.options.partitions {
            String::new()
        } else {
            format!(" and not {c}.relispartition")
        };
        format!(
            "{c}.relnamespace = any ({NAMESPACES}) and {c}.relkind in ('r', 'p'{views}{foreign}){partitions}"
        )
    }

    /// A condition that follows from [`relation`](Scope::relation), on a column that has an index on it.
    fn normal(&self, oid: &str) -> String {
        let system = |name: &String| name.starts_with("pg_") || name == "information_schema";
        if self.one_by_one || self.options.schemas.iter().any(system) {
            "true".to_owned()
        } else {
            format!("{oid} >= {FIRST_NORMAL_OID}")
        }
    }

    fn since<'s>(&self, version: u32, sql: &'s str, otherwise: &'s str) -> &'s str {
        if self.version >= version {
            sql
        } else {
            otherwise
        }
    }
}

/// Chooses the schemas. `$1` is the names that were given.
pub(super) fn namespaces(options: &Reflect) -> String {
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
pub(super) fn listed(scope: Scope<'_>, named: bool) -> String {
    let every = Scope {
        one_by_one: false,
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
pub(super) fn one() -> String {
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

/// The search path, and the relations in it and in schema `$1`; runs alone, with the user's path in force.
pub(super) const NAMES: &str = "\
select pg_catalog.array_remove(pg_catalog.current_schemas(true), 'pg_catalog')::pg_catalog.text[],
    pg_catalog.array_agg(n.nspname::pg_catalog.text), pg_catalog.array_agg(c.relname::pg_catalog.text)
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) c.relnamespace
where c.relkind operator(pg_catalog.=) any (array['r', 'p', 'v', 'm', 'f']::pg_catalog.\"char\"[])
    and n.nspname operator(pg_catalog.=) any (
        pg_catalog.array_remove(pg_catalog.current_schemas(true), 'pg_catalog') operator(pg_catalog.||) $1::pg_catalog.name[])";

pub(super) fn relations(scope: Scope<'_>) -> String {
    let definition = if scope.options.definitions {
        "case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end"
    } else {
        "null::text"
    };
    let accessible = if scope.options.accessible {
        "has_schema_privilege(c.relnamespace, 'usage') and (
            has_table_privilege(c.oid, 'select, insert, update, delete, truncate, references, trigger')
            or has_any_column_privilege(c.oid, 'select, insert, update, references'))"
    } else {
        "true"
    };
    format!(
        "select c.oid, n.nspname, c.relname, c.relkind, c.relpersistence,
            pg_get_expr(c.relpartbound, c.oid),
            case when c.relispartition then pg_partition_root(c.oid)::oid end,
            pt.partstrat, pt.partattrs, pg_get_expr(pt.partexprs, c.oid),
            case when c.reloftype <> 0 then (
                select array[tn.nspname, t.typname]::text[] from pg_type t
                join pg_namespace tn on tn.oid = t.typnamespace where t.oid = c.reloftype) end,
            case when c.relkind = 'f' then (
                select s.srvname from pg_foreign_table ft join pg_foreign_server s on s.oid = ft.ftserver
                where ft.ftrelid = c.oid) end,
            {definition}, {accessible}
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        left join pg_partitioned_table pt on pt.partrelid = c.oid
        where {} and {}",
        scope.relation("c"),
        scope.normal("c.oid"),
    )
}

/// Types are formatted by the server only where a modifier is a matter of the type's own function.
pub(super) fn columns(scope: Scope<'_>) -> String {
    format!(
        "select a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod,
            case when a.atttypmod <> -1 and a.atttypid >= {FIRST_UNKNOWN_TYPE}
                then format_type(a.atttypid, a.atttypmod) end,
            a.attnotnull, a.attidentity, a.attgenerated,
            pg_get_expr(d.adbin, d.adrelid),
            a.attcollation, {}
        from pg_attribute a
        join pg_class c on c.oid = a.attrelid
        left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where {} and {} and a.attnum > 0 and not a.attisdropped",
        collation("a.attcollation"),
        scope.relation("c"),
        scope.normal("a.attrelid"),
    )
}

/// Schema and name of a collation, unless it is one of those that have the same OID everywhere.
fn collation(oid: &str) -> String {
    format!(
        "case when {oid} not in (0, 100, 950, 951) then (
            select array[cn.nspname, co.collname]::text[] from pg_collation co
            join pg_namespace cn on cn.oid = co.collnamespace where co.oid = {oid}) end"
    )
}

pub(super) fn constraints(scope: Scope<'_>) -> String {
    format!(
        "select con.oid, con.conrelid, con.contype, con.conname, con.conkey, con.conindid, con.conparentid,
            con.condeferrable, con.condeferred, con.convalidated, con.connoinherit, con.conislocal,
            case when con.contype = 'c' then pg_get_expr(con.conbin, con.conrelid) end,
            case when con.contype = 'x' then array(
                select o.oprname::text from unnest(con.conexclop) with ordinality as e(oid, n)
                join pg_operator o on o.oid = e.oid order by e.n) end,
            con.confrelid, con.confkey, con.confupdtype, con.confdeltype, con.confmatchtype,
            {}, {}, {},
            case when con.contype = 'f' and not ({}) then (
                select array[rn.nspname, rc.relname]::text[] || array(
                    select ra.attname::text from unnest(con.confkey) with ordinality as k(attnum, n)
                    join pg_attribute ra on ra.attrelid = con.confrelid and ra.attnum = k.attnum order by k.n)
                from pg_namespace rn where rn.oid = rc.relnamespace) end
        from pg_constraint con
        join pg_class c on c.oid = con.conrelid
        left join pg_class rc on rc.oid = con.confrelid
        where {} and con.contype in ('p', 'u', 'f', 'c', 'x')",
        scope.since(150_000, "con.confdelsetcols", "null::int2[]"),
        scope.since(180_000, "con.conperiod", "false"),
        scope.since(180_000, "con.conenforced", "true"),
        scope.relation("rc"),
        scope.relation("c"),
    )
}

/// The definition is asked of expressions alone: for 24,000 indexes it would take longer than all the rest.
pub(super) fn indexes(scope: Scope<'_>) -> String {
    format!(
        "select i.indrelid, i.indexrelid, ic.relname, am.amname,
            i.indkey, i.indnkeyatts, i.indclass, i.indcollation, i.indoption,
            i.indisunique, i.indisvalid, i.indimmediate, {}, ic.relispartition, ic.reloptions,
            pg_get_expr(i.indpred, i.indrelid),
            case when i.indexprs is not null then array(
                select pg_get_indexdef(i.indexrelid, n, false) from generate_series(1, i.indnkeyatts) n
                where i.indkey[n - 1] = 0 order by n) end,
            case when not i.indcollation::oid[] <@ array[0, 100, 950, 951]::oid[] then array(
                select p.part from unnest(i.indcollation) k(oid)
                join pg_collation co on co.oid = k.oid join pg_namespace cn on cn.oid = co.collnamespace
                cross join lateral unnest(array[co.oid::text, cn.nspname::text, co.collname::text])
                    with ordinality as p(part, n)
                order by co.oid, p.n) end
        from pg_index i
        join pg_class c on c.oid = i.indrelid
        join pg_class ic on ic.oid = i.indexrelid
        join pg_am am on am.oid = ic.relam
        where {} and {}",
        scope.since(150_000, "i.indnullsnotdistinct", "false"),
        scope.relation("c"),
        scope.normal("i.indrelid"),
    )
}

/// The operator classes in use, each with the types that have another default one in the same access method.
pub(super) fn operator_classes(scope: Scope<'_>) -> String {
    format!(
        "select o.oid, n.nspname, o.opcname, o.opcdefault, array(
                select r.opcintype from pg_opclass r
                where r.opcmethod = o.opcmethod and r.opcdefault and r.oid <> o.oid)
        from pg_opclass o
        join pg_namespace n on n.oid = o.opcnamespace
        where o.oid in (
            select unnest(i.indclass) from pg_index i join pg_class c on c.oid = i.indrelid where {} and {})",
        scope.relation("c"),
        scope.normal("i.indrelid"),
    )
}

/// Parents, of partitions too.
pub(super) fn parents(scope: Scope<'_>) -> String {
    format!(
        "select i.inhrelid, i.inhseqno, pn.nspname, p.relname
        from pg_inherits i
        join pg_class c on c.oid = i.inhrelid
        join pg_class p on p.oid = i.inhparent
        join pg_namespace pn on pn.oid = p.relnamespace
        where {}",
        scope.relation("c")
    )
}

/// Sequences; with relations chosen one by one, those that their columns own. A partition's identity column counts by
/// the sequence of its outermost parent (from 17 on), which may be in another schema.
pub(super) fn sequences(scope: Scope<'_>) -> String {
    let owned_by = |tables: &str| {
        format!(
            "s.seqrelid = any (array(
                select own.objid from pg_depend own
                where own.classid = 'pg_class'::regclass and own.objsubid = 0 and own.deptype in ('a', 'i')
                and own.refclassid = 'pg_class'::regclass and own.refobjid = any (array({tables}))))"
        )
    };
    let roots = format!(
        "select pg_partition_root(c.oid)::oid from pg_class c where c.relispartition and {}",
        scope.relation("c")
    );
    let chosen = if scope.one_by_one {
        owned_by(&format!("{roots} union all select unnest({RELATIONS})"))
    } else if scope.options.partitions && scope.version >= 170_000 {
        format!(
            "(c.relnamespace = any ({NAMESPACES}) or {})",
            owned_by(&roots)
        )
    } else {
        format!("c.relnamespace = any ({NAMESPACES})")
    };
    format!(
        "select c.oid, n.nspname, c.relname, s.seqtypid,
            s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
            d.deptype = 'i', d.refobjid, d.refobjsubid::int2,
            case when ow.oid is not null and not ({}) then (
                select array[own.nspname, ow.relname, owa.attname]::text[]
                from pg_namespace own, pg_attribute owa
                where own.oid = ow.relnamespace and owa.attrelid = ow.oid and owa.attnum = d.refobjsubid) end
        from pg_sequence s
        join pg_class c on c.oid = s.seqrelid
        join pg_namespace n on n.oid = c.relnamespace
        left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.objsubid = 0
            and d.refclassid = 'pg_class'::regclass and d.refobjsubid > 0 and d.deptype in ('a', 'i')
        left join pg_class ow on ow.oid = d.refobjid
        where {chosen}",
        scope.relation("ow")
    )
}

/// The types in use, and what they are made of in turn; with them, of schemas that are reflected whole, all others.
///
/// What columns use is known from `pg_depend` too, by index: `pg_attribute` is the greatest of catalogs and is read once.
/// Only types of the system's own have no dependencies; where they matter they are asked for with [`more_types`].
pub(super) fn types(scope: Scope<'_>, functions: bool) -> String {
    if scope.one_by_one {
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
pub(super) fn more_types(scope: Scope<'_>) -> String {
    types_from(scope, "select unnest($1::oid[])")
}

fn unknown(oid: &str) -> String {
    format!("({oid} >= {FIRST_UNKNOWN_TYPE} or {oid} in ({ROW_TYPES}))")
}

fn types_from(scope: Scope<'_>, seeds: &str) -> String {
    let listed = if scope.one_by_one {
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

/// Comments on relations, columns and indexes, and on constraints: apart, for an OID is unique in its catalog only.
pub(super) fn comments(scope: Scope<'_>) -> String {
    if scope.one_by_one {
        return format!(
            "select 'r'::\"char\", d.objoid, d.objsubid, d.description from pg_description d
            where d.classoid = 'pg_class'::regclass and d.objoid = any (array(
                select unnest({RELATIONS})
                union select i.indexrelid from pg_index i where i.indrelid = any ({RELATIONS})))
            union all
            select 'c', d.objoid, d.objsubid, d.description from pg_description d
            where d.classoid = 'pg_constraint'::regclass and d.objoid = any (array(
                select con.oid from pg_constraint con where con.conrelid = any ({RELATIONS})))"
        );
    }
    let part = |letter: char, catalog: &str, namespace: &str| {
        format!(
            "select '{letter}'::\"char\", d.objoid, d.objsubid, d.description
            from pg_description d join {catalog} x on x.oid = d.objoid
            where d.classoid = '{catalog}'::regclass and x.{namespace} = any ({NAMESPACES}) and {}",
            scope.normal("d.objoid")
        )
    };
    let relations = part('r', "pg_class", "relnamespace");
    let constraints = part('c', "pg_constraint", "connamespace");
    format!("{relations} union all {constraints}")
}

/// Relations that belong to extensions. Read from the extensions' side, for few do.
pub(super) fn extensions(scope: Scope<'_>) -> String {
    let chosen = if scope.one_by_one {
        format!("d.objid = any ({RELATIONS})")
    } else {
        "true".to_owned()
    };
    format!(
        "select d.objid, e.extname
        from pg_extension e
        join pg_depend d on d.refclassid = 'pg_extension'::regclass and d.refobjid = e.oid
        where d.deptype = 'e' and d.classid = 'pg_class'::regclass and d.objsubid = 0 and {chosen}"
    )
}

/// Comment and extension of an object of a catalog that has few of interest.
fn remarks(catalog: &str, oid: &str) -> String {
    format!(
        "(select x.description from pg_description x
            where x.classoid = '{catalog}'::regclass and x.objoid = {oid} and x.objsubid = 0),
        (select e.extname from pg_depend x join pg_extension e on e.oid = x.refobjid
            where x.classid = '{catalog}'::regclass and x.objid = {oid} and x.deptype = 'e')"
    )
}

pub(super) fn functions(scope: Scope<'_>) -> String {
    format!(
        "select n.nspname, p.proname, p.prorettype, p.proargtypes::oid[], p.proallargtypes,
            p.proargmodes, p.proargnames, p.pronargdefaults, {}
        from pg_proc p
        join pg_namespace n on n.oid = p.pronamespace
        where p.pronamespace = any ({NAMESPACES}) and {} and p.proretset and p.prokind = 'f'",
        remarks("pg_proc", "p.oid"),
        scope.normal("p.oid")
    )
}
