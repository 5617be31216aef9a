//! Where rows are before they are merged into a table.

use crate::error::{Error, Result};
use crate::ident::quote_ident;
use crate::schema::{NameRef, Table};

use crate::transaction::Transaction;

/// The table that a load fills before it [merges](super::Merge): made for the load, and dropped at its end.
///
/// ```no_run
/// use aiodal_core::bulk::Stage;
///
/// let like_the_target = Stage::temp();
/// let of_its_own = Stage::columns([("record", "jsonb")]).name("staged_author");
/// let for_several_sessions = Stage::unlogged("etl.staged_price");
/// ```
///
/// # Like the target
///
/// Unless it has columns of its own, a stage has those of the target: with their types, collations and defaults, but no
/// constraints. Nulls are taken, generated and identity columns are columns like any other, and a default that counts,
/// as that of a `serial`, is left out: the merge would count a second time.
///
/// # Its name
///
/// It is what statements between COPY and merge, and the merge's own, call it: `staged_` and the target's name, or
/// `staged`, unless it is [named](Stage::name). A temporary table hides any other of its name.
#[derive(Clone, Debug)]
#[must_use = "it is handed to a load"]
pub struct Stage {
    name: Option<String>,
    shared: bool,
    /// Names, and types as SQL.
    columns: Option<Vec<(String, String)>>,
}

impl Stage {
    /// A temporary table like the target. It goes with the transaction at the latest.
    pub fn temp() -> Stage {
        Stage {
            name: None,
            shared: false,
            columns: None,
        }
    }

    /// A temporary table of these columns: a name, and behind it what SQL has in `create table`, `text not null` for
    /// instance.
    ///
    /// The types are sent as they are: never make them of somebody's input.
    pub fn columns<N: Into<String>, T: Into<String>>(
        columns: impl IntoIterator<Item = (N, T)>,
    ) -> Stage {
        let columns = columns.into_iter();
        let columns = columns.map(|(name, of)| (name.into(), of.into())).collect();
        Stage {
            columns: Some(columns),
            ..Stage::temp()
        }
    }

    /// An unlogged table like the target, in a schema: a load over several connections needs one that all of them see.
    ///
    /// A server that crashes empties it, and whoever may read the schema sees it while the load runs.
    pub fn unlogged(name: impl Into<String>) -> Stage {
        Stage::temp().name(name).shared()
    }

    /// Names it. The name is read as SQL reads it: `staged_author`, `"Staged Author"`; that of a
    /// [shared](Stage::shared) one may have a schema.
    pub fn name(mut self, name: impl Into<String>) -> Stage {
        self.name = Some(name.into());
        self
    }

    /// Returns the columns that it declares, if it is not like the target.
    pub(crate) fn declared(&self) -> Option<Vec<String>> {
        let columns = self.columns.as_ref()?;
        Some(columns.iter().map(|(name, _)| name.clone()).collect())
    }

    /// Makes it an [unlogged](Stage::unlogged) table rather than a temporary one, whatever its columns.
    pub fn shared(mut self) -> Stage {
        self.shared = true;
        self
    }

    /// Whether other sessions see it.
    pub(crate) fn is_shared(&self) -> bool {
        self.shared
    }

    /// Makes the table.
    ///
    /// `columns` are those that will be loaded; if it is empty, all columns of the stage are, but for what the target
    /// generates.
    ///
    /// # Errors
    ///
    /// It has no columns, and there is no target that it could be like; there is a table of its name already; a
    /// type that there is not; no right to make tables.
    pub(crate) async fn create(
        &self,
        tx: &mut Transaction,
        target: Option<&Table>,
        columns: &[String],
    ) -> Result<Staged> {
        let sql_name = self.sql_name(target)?;
        let operation = format!("make the stage {sql_name}");
        let (sql, all) = match (&self.columns, target) {
            (Some(own), _) => self.of_own(&sql_name, own)?,
            (None, Some(target)) => self.like(&sql_name, target)?,
            (None, None) => {
                return Err(Error::refused(
                    &operation,
                    "it is to be like the target, and there is none: add into_table(..), or use Stage::columns(..)"
                        .to_owned(),
                ));
            }
        };
        let made = tx.batch_execute(&sql).await;
        made.map_err(|error| self.explain(error, &operation))?;
        Ok(Staged {
            sql_name,
            columns: if columns.is_empty() {
                all
            } else {
                columns.to_vec()
            },
        })
    }

    fn sql_name(&self, target: Option<&Table>) -> Result<String> {
        let Some(name) = &self.name else {
            let name = match target {
                Some(target) => shortened(format!("staged_{}", target.name.name)),
                None => "staged".to_owned(),
            };
            return self.qualified(None, &name);
        };
        let mut readings = NameRef::Sql(name).readings()?;
        // The last one is as the server folds it.
        let reading = readings.pop().expect("a name has a reading at least");
        match reading.schema.as_deref() {
            Some("pg_temp") if !self.shared => self.qualified(None, &reading.name),
            Some(_) if !self.shared => Err(Error::refused(
                &format!("make the stage {name}"),
                "a temporary table is in no schema: leave the schema out, or add shared()"
                    .to_owned(),
            )),
            schema => self.qualified(schema, &reading.name),
        }
    }

    fn qualified(&self, schema: Option<&str>, name: &str) -> Result<String> {
        let name = quote_ident(name)?;
        Ok(match schema {
            Some(schema) => format!("{}.{name}", quote_ident(schema)?),
            None if self.shared => name,
            None => format!("pg_temp.{name}"),
        })
    }

    fn like(&self, sql_name: &str, target: &Table) -> Result<(String, Vec<String>)> {
        let (schema, name) = (
            quote_ident(&target.name.schema)?,
            quote_ident(&target.name.name)?,
        );
        let mut sql = self.create_sql(
            sql_name,
            &format!("like {schema}.{name} including defaults"),
        );
        let mut changes = Vec::new();
        for column in &target.columns {
            let name = quote_ident(&column.name)?;
            if column.not_null {
                changes.push(format!("alter column {name} drop not null"));
            }
            if column.sequence.is_some() && column.identity.is_none() {
                changes.push(format!("alter column {name} drop default"));
            }
        }
        if !changes.is_empty() {
            let changes = changes.join(", ");
            sql = format!("{sql}; alter table {sql_name} {changes}");
        }
        let columns = target.columns.iter();
        let columns = columns.filter(|column| column.generated.is_none());
        Ok((sql, columns.map(|column| column.name.clone()).collect()))
    }

    fn of_own(&self, sql_name: &str, own: &[(String, String)]) -> Result<(String, Vec<String>)> {
        if own.is_empty() {
            return Err(Error::refused(
                &format!("make the stage {sql_name}"),
                "Stage::columns(..) names no columns".to_owned(),
            ));
        }
        let columns = own.iter();
        let columns = columns.map(|(name, of)| Ok(format!("{} {of}", quote_ident(name)?)));
        let columns = columns.collect::<Result<Vec<_>>>()?.join(", ");
        let names = own.iter().map(|(name, _)| name.clone()).collect();
        Ok((self.create_sql(sql_name, &columns), names))
    }

    fn create_sql(&self, sql_name: &str, what: &str) -> String {
        if self.shared {
            format!("create unlogged table {sql_name} ({what})")
        } else {
            format!("create temp table {sql_name} ({what}) on commit drop")
        }
    }

    fn explain(&self, error: Error, operation: &str) -> Error {
        let reason = if error.is_duplicate_table() {
            "there is a table of that name already: give the stage another by name(..)"
        } else if !error.is_insufficient_privilege() {
            return error;
        } else if self.shared {
            "the role may not make tables there: name a schema in which it may"
        } else {
            "the role may not make temporary tables: grant it `temporary` on the database, or use Stage::unlogged(..)"
        };
        error.explained(operation, reason.to_owned())
    }
}

impl Default for Stage {
    fn default() -> Stage {
        Stage::temp()
    }
}

/// Cuts a name that would be too long for the server.
fn shortened(mut name: String) -> String {
    const LONGEST: usize = 63;
    let mut end = LONGEST.min(name.len());
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.truncate(end);
    name
}

/// A stage that is there.
#[derive(Clone, Debug)]
pub(crate) struct Staged {
    /// Its name, as SQL has it.
    pub(crate) sql_name: String,
    /// The columns to load, in the order in which COPY lists them.
    pub(crate) columns: Vec<String>,
}

impl Staged {
    /// Drops it.
    ///
    /// # Errors
    ///
    /// The server refused, because something else is made of it by now: a view, say.
    pub(crate) async fn drop(self, tx: &mut Transaction) -> Result<()> {
        tx.batch_execute(&format!("drop table {}", self.sql_name))
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_sql_reads_them() {
        let name = |stage: Stage| stage.sql_name(None).unwrap();
        assert_eq!(name(Stage::temp()), "pg_temp.\"staged\"");
        assert_eq!(name(Stage::temp().name("Author")), "pg_temp.\"author\"");
        assert_eq!(name(Stage::temp().name("pg_temp.a")), "pg_temp.\"a\"");
        assert_eq!(name(Stage::unlogged("\"A.b\"")), "\"A.b\"");
        assert_eq!(name(Stage::unlogged("etl.a")), "\"etl\".\"a\"");
    }

    #[test]
    fn temporary_stage_is_in_no_schema() {
        let error = Stage::temp().name("etl.a").sql_name(None).unwrap_err();
        assert!(
            error.to_string().contains("leave the schema out"),
            "{error}"
        );
    }

    #[test]
    fn long_name_is_cut_on_a_character_boundary() {
        let name = shortened(format!("staged_{}", "é".repeat(40)));
        assert_eq!(name.len(), 63);
        assert_eq!(shortened(format!("staged_a{}", "é".repeat(40))).len(), 62);
    }
}
