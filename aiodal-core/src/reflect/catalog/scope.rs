//! What a reflection is about, as conditions in SQL.

use super::{FIRST_NORMAL_OID, NAMESPACES, RELATIONS};
use crate::reflect::options::Reflect;

/// What a reflection is about, and on which version of the server.
#[derive(Clone, Copy)]
pub(in crate::reflect) struct Scope<'a> {
    pub(in crate::reflect) options: &'a Reflect,
    pub(in crate::reflect) chosen: Chosen,
    /// As `server_version_num` has it.
    pub(in crate::reflect) version: u32,
}

/// How the relations of a reflection are chosen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::reflect) enum Chosen {
    /// By their schemas.
    Schemas,
    /// One by one, by their OIDs: those that options name or lead to.
    Listed,
    /// A single one, and of it not what few relations have: that costs planning, and the server would plan for longer than
    /// it reads. [`Rows::rare`](crate::reflect::assemble::Rows::rare) tells whether there was any.
    Usual,
}

impl Scope<'_> {
    pub(in crate::reflect) fn one_by_one(&self) -> bool {
        self.chosen != Chosen::Schemas
    }

    pub(in crate::reflect) fn usual(&self) -> bool {
        self.chosen == Chosen::Usual
    }

    /// The condition on a column that has the OID of a relation, where they are chosen by that.
    pub(super) fn listed(&self, oid: &str) -> String {
        if self.usual() {
            format!("{oid} = current_setting('aiodal.relations')::oid")
        } else {
            format!("{oid} = any ({RELATIONS})")
        }
    }

    /// The end of a statement on what has the OID of its relation in a column: a join if need be, and the condition.
    pub(super) fn of(&self, oid: &str) -> String {
        if self.one_by_one() {
            return format!("where {}", self.listed(oid));
        }
        format!(
            "join pg_class c on c.oid = {oid} where {} and {}",
            self.relation("c"),
            self.normal(oid)
        )
    }

    /// Names that few need, and which are an array: left empty if only the usual is asked for.
    pub(super) fn rare(&self, needed: &str, names: &str) -> String {
        let names = if self.usual() { "'{}'::text[]" } else { names };
        format!("case when {needed} then {names} end")
    }

    /// The condition on `pg_class` by the name of `c`.
    pub(super) fn relation(&self, c: &str) -> String {
        if self.one_by_one() {
            let listed = self.listed(&format!("{c}.oid"));
            return match self.chosen {
                // The name may be an index's, or a sequence's.
                Chosen::Usual => {
                    format!("{listed} and {c}.relkind in ('r', 'p', 'v', 'm', 'f')")
                }
                _ => listed,
            };
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
    pub(super) fn normal(&self, oid: &str) -> String {
        let system = |name: &String| name.starts_with("pg_") || name == "information_schema";
        if self.one_by_one() || self.options.schemas.iter().any(system) {
            "true".to_owned()
        } else {
            format!("{oid} >= {FIRST_NORMAL_OID}")
        }
    }

    pub(super) fn since<'s>(&self, version: u32, sql: &'s str, otherwise: &'s str) -> &'s str {
        if self.version >= version {
            sql
        } else {
            otherwise
        }
    }
}
