//! Comments, extensions, and functions, which have both.

use super::{NAMESPACES, RELATIONS, Scope};

/// Comments on relations, columns and indexes, and on constraints: apart, for an OID is unique in its catalog only.
pub(in crate::reflect) fn comments(scope: Scope<'_>) -> String {
    if scope.one_by_one() {
        return format!(
            "select 'r'::\"char\", d.objoid, d.objsubid, d.description from pg_description d
            where d.classoid = 'pg_class'::regclass and d.objoid = any (
                {RELATIONS} || array(select i.indexrelid from pg_index i where {}))
            union all
            select 'c', d.objoid, d.objsubid, d.description from pg_description d
            where d.classoid = 'pg_constraint'::regclass and d.objoid = any (array(
                select con.oid from pg_constraint con where {}))",
            scope.listed("i.indrelid"),
            scope.listed("con.conrelid"),
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
pub(in crate::reflect) fn extensions(scope: Scope<'_>) -> String {
    let chosen = if scope.one_by_one() {
        scope.listed("d.objid")
    } else {
        "true".to_owned()
    };
    // The joins are made as they are written if only the usual is asked for.
    let from = if scope.usual() {
        "pg_depend d join pg_extension e on e.oid = d.refobjid"
    } else {
        "pg_extension e join pg_depend d on d.refobjid = e.oid"
    };
    format!(
        "select d.objid, e.extname
        from {from}
        where d.refclassid = 'pg_extension'::regclass and d.deptype = 'e'
            and d.classid = 'pg_class'::regclass and d.objsubid = 0 and {chosen}"
    )
}

/// Comment and extension of an object of a catalog that has few of interest.
pub(super) fn remarks(catalog: &str, oid: &str) -> String {
    format!(
        "(select x.description from pg_description x
            where x.classoid = '{catalog}'::regclass and x.objoid = {oid} and x.objsubid = 0),
        (select e.extname from pg_depend x join pg_extension e on e.oid = x.refobjid
            where x.classid = '{catalog}'::regclass and x.objid = {oid} and x.deptype = 'e')"
    )
}

pub(in crate::reflect) fn functions(scope: Scope<'_>) -> String {
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
