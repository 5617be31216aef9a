//! The statements that read the catalogs: flat, unordered, and without a word of SQL text to be parsed.
//!
//! PostgreSQL manual, chapter 52, "System Catalogs". Each reads one catalog whole, for the relations in question, and the
//! client joins and sorts: the server would spill a sort of all columns to disk. They can be in one pipeline because what
//! the first of them finds out, the others read from a setting that is local to the transaction.

mod choose;
mod remarks;
mod scope;
mod types;

pub(super) use self::choose::{NAMES, found, listed, namespaces, one};
pub(super) use self::remarks::{comments, extensions, functions};
pub(super) use self::scope::{Chosen, Scope};
pub(super) use self::types::{more_types, types};

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

/// Besides [`ASIDE`], for [`Chosen::Usual`] and [`more_types`]: few rows, all by index, in joins that are written in the right order. What else could be
/// done takes the planner longer to weigh than it would save.
pub(super) const PLAINLY: &str = "set local join_collapse_limit = 1;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
set local enable_material = off;
set local enable_memoize = off";

/// The OIDs of the schemas in question, as [`namespaces`] found them. A sub-select, so that it is evaluated once.
const NAMESPACES: &str =
    "array(select unnest(string_to_array(current_setting('aiodal.namespaces'), ',')::oid[]))";

/// The OIDs of the relations in question, as [`listed`] or [`one`] found them.
///
/// What depends on them is compared with an array and not with a sub-select, `= any (array(select ..))`: of the latter
/// the planner expects many rows, and reads a catalog of thousands whole where its index would do.
const RELATIONS: &str =
    "array(select unnest(string_to_array(current_setting('aiodal.relations'), ',')::oid[]))";

const PATH: &str = "array(select unnest(current_setting('aiodal.search_path')::name[]))";

pub(super) fn relations(scope: Scope<'_>) -> String {
    let of_type = scope.rare(
        "c.reloftype <> 0",
        "(select array[tn.nspname, t.typname]::text[] from pg_type t
            join pg_namespace tn on tn.oid = t.typnamespace where t.oid = c.reloftype)",
    );
    // Their kind tells of partitioned and foreign tables.
    let (partitioned, server, join) = if scope.usual() {
        ("null::\"char\", null::int2[], null::text", "null::text", "")
    } else {
        (
            "pt.partstrat, pt.partattrs, pg_get_expr(pt.partexprs, c.oid)",
            "case when c.relkind = 'f' then (
                select s.srvname from pg_foreign_table ft join pg_foreign_server s on s.oid = ft.ftserver
                where ft.ftrelid = c.oid) end",
            "left join pg_partitioned_table pt on pt.partrelid = c.oid",
        )
    };
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
            {partitioned}, {of_type}, {server}, {definition}, {accessible}
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        {join}
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
        left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        {} and a.attnum > 0 and not a.attisdropped",
        collation(scope, "a.attcollation"),
        scope.of("a.attrelid"),
    )
}

/// Schema and name of a collation, unless it is one of those that have the same OID everywhere.
fn collation(scope: Scope<'_>, oid: &str) -> String {
    scope.rare(
        &format!("{oid} not in (0, 100, 950, 951)"),
        &format!(
            "(select array[cn.nspname, co.collname]::text[] from pg_collation co
                join pg_namespace cn on cn.oid = co.collnamespace where co.oid = {oid})"
        ),
    )
}

pub(super) fn constraints(scope: Scope<'_>) -> String {
    let (known, referred, join) = if scope.usual() {
        // Without a join to plan. Gone meanwhile it has no names, and temporary ones are in `pg_temp`; both are rare.
        (
            scope.listed("con.confrelid"),
            "array_remove(
                (pg_identify_object_as_address('pg_class'::regclass, con.confrelid, 0)).object_names || array(
                    select (pg_identify_object_as_address('pg_class'::regclass, con.confrelid, k.attnum)).object_names[3]
                    from unnest(con.confkey) with ordinality as k(attnum, n) order by k.n), null)",
            "",
        )
    } else {
        (
            scope.relation("rc"),
            "(select array[rn.nspname, rc.relname]::text[] || array(
                    select ra.attname::text from unnest(con.confkey) with ordinality as k(attnum, n)
                    join pg_attribute ra on ra.attrelid = con.confrelid and ra.attnum = k.attnum order by k.n)
                from pg_namespace rn where rn.oid = rc.relnamespace)",
            "left join pg_class rc on rc.oid = con.confrelid",
        )
    };
    format!(
        "select con.oid, con.conrelid, con.contype, con.conname, con.conkey, con.conindid, con.conparentid,
            con.condeferrable, con.condeferred, con.convalidated, con.connoinherit, con.conislocal,
            case when con.contype = 'c' then pg_get_expr(con.conbin, con.conrelid) end,
            {},
            con.confrelid, con.confkey, con.confupdtype, con.confdeltype, con.confmatchtype,
            {}, {}, {},
            case when con.contype = 'f' and not ({}) then {referred} end
        from pg_constraint con
        {join}
        {} and con.contype in ('p', 'u', 'f', 'c', 'x')",
        scope.rare(
            "con.contype = 'x'",
            "array(select o.oprname::text from unnest(con.conexclop) with ordinality as e(oid, n)
                join pg_operator o on o.oid = e.oid order by e.n)",
        ),
        scope.since(150_000, "con.confdelsetcols", "null::int2[]"),
        scope.since(180_000, "con.conperiod", "false"),
        scope.since(180_000, "con.conenforced", "true"),
        known,
        scope.of("con.conrelid"),
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
            {}
        from pg_index i
        join pg_class ic on ic.oid = i.indexrelid
        join pg_am am on am.oid = ic.relam
        {}",
        scope.since(150_000, "i.indnullsnotdistinct", "false"),
        scope.rare(
            "not i.indcollation::oid[] <@ array[0, 100, 950, 951]::oid[]",
            "array(select p.part from unnest(i.indcollation) k(oid)
                join pg_collation co on co.oid = k.oid join pg_namespace cn on cn.oid = co.collnamespace
                cross join lateral unnest(array[co.oid::text, cn.nspname::text, co.collname::text])
                    with ordinality as p(part, n)
                order by co.oid, p.n)",
        ),
        scope.of("i.indrelid"),
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
        where o.oid {} (select unnest(i.indclass) from pg_index i {}){}",
        if scope.usual() { "= any (array" } else { "in" },
        scope.of("i.indrelid"),
        if scope.usual() { ")" } else { "" },
    )
}

/// Parents, of partitions too.
pub(super) fn parents(scope: Scope<'_>) -> String {
    if scope.usual() {
        let child = scope.listed("i.inhrelid");
        return format!(
            "select i.inhrelid, i.inhseqno, ''::name, ''::name from pg_inherits i where {child}"
        );
    }
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
    if scope.usual() {
        return format!(
            "select c.oid, n.nspname, c.relname, s.seqtypid,
                s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
                d.deptype = 'i', d.refobjid, d.refobjsubid::int2, null::text[]
            from pg_depend d
            join pg_sequence s on s.seqrelid = d.objid
            join pg_class c on c.oid = s.seqrelid
            join pg_namespace n on n.oid = c.relnamespace
            where {} and d.refclassid = 'pg_class'::regclass and d.refobjsubid > 0
                and d.classid = 'pg_class'::regclass and d.objsubid = 0 and d.deptype in ('a', 'i')",
            scope.listed("d.refobjid")
        );
    }
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
    let chosen = if scope.one_by_one() {
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
