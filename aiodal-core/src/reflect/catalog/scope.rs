//! What a reflection is about, as conditions in SQL.

use super::{FIRST_NORMAL_OID, NAMESPACES, RELATIONS};
use crate::reflect::options::Reflect;

/// What a reflection is about, and on which version of the server.
#[derive(Clone, Copy)]
pub(in crate::reflect) struct Scope<'a> {
    pub(in crate::reflect) options: &'a Reflect,
    /// Relations are given by OID: a table alone, or those that options name or lead to.
    pub(in crate::reflect) one_by_one: bool,
    /// As `server_version_num` has it.
    pub(in crate::reflect) version: u32,
}

impl Scope<'_> {
    /// The condition on `pg_class` by the name of `c`.
    pub(super) fn relation(&self, c: &str) -> String {
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
    pub(super) fn normal(&self, oid: &str) -> String {
        let system = |name: &String| name.starts_with("pg_") || name == "information_schema";
        if self.one_by_one || self.options.schemas.iter().any(system) {
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
