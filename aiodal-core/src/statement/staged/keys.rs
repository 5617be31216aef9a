//! What goes by the key of an upsert besides it: duplicates among staged rows, and rows of the table that are not staged.

use super::super::arbiter::ArbiterElement;
use super::super::bound::BoundStatement;
use super::super::upsert::EXISTING;
use super::Upserting;
use crate::error::Result;

impl Upserting<'_, '_> {
    /// For errors: `(sku, region)`.
    pub(crate) fn key(&self) -> String {
        let elements = self.chosen.elements();
        let names: Vec<&str> = elements.iter().map(text).collect();
        format!("({})", names.join(", "))
    }

    /// Deletes staged rows but for one of each key; which, the order of the stage decides.
    pub(crate) fn delete_duplicates(&self, keep_last: bool) -> Result<BoundStatement> {
        self.require_key("dedupe(..)")?;
        let mut sql = BoundStatement::of(&self.rows.target);
        sql.push("delete from ");
        sql.push(&self.rows.stage);
        sql.push(" as staged using (select ctid as at, row_number() over (partition by ");
        self.push_key(&mut sql)?;
        sql.push(if keep_last {
            " order by ctid desc"
        } else {
            " order by ctid"
        });
        sql.push(") as place from ");
        sql.push(&self.rows.stage);
        self.push_may_conflict(&mut sql)?;
        sql.push(") as ranked where ranked.place > 1 and staged.ctid = ranked.at");
        Ok(sql)
    }

    /// The first key that several staged rows have, as `key`; how many have it, `rows`; and of how many keys that is so, `keys`.
    pub(crate) fn duplicate(&self) -> Result<BoundStatement> {
        let mut sql = BoundStatement::of(&self.rows.target);
        sql.push("select array[");
        sql.push_list(self.chosen.elements(), |sql, element| {
            push_element(sql, element)?;
            sql.push("::text");
            Ok(())
        })?;
        sql.push("]::text[] as key, count(*) as rows, count(*) over () as keys from ");
        sql.push(&self.rows.stage);
        self.push_may_conflict(&mut sql)?;
        sql.push(" group by ");
        self.push_key(&mut sql)?;
        sql.push(" having count(*) > 1 order by min(ctid) limit 1");
        Ok(sql)
    }

    /// Deletes the rows of the table whose key no staged row has.
    pub(crate) fn delete_missing(&self) -> Result<BoundStatement> {
        self.require_key("delete_missing()")?;
        if self.chosen.columns().is_empty() {
            return self.rows.refuse(
                "delete_missing() needs a key over columns, and this one has expressions: name another by on([..])",
            );
        }
        let mut sql = BoundStatement::of(&self.rows.target);
        sql.push("delete from ");
        self.rows.target.push_table(&mut sql)?;
        sql.push(" as ");
        sql.push_ident(EXISTING)?;
        sql.push(" where ");
        if let Some(predicate) = self.chosen.predicate() {
            sql.push("(");
            sql.push(predicate);
            sql.push(") and ");
        }
        sql.push("not exists (select from ");
        sql.push(&self.rows.stage);
        sql.push(" as staged where ");
        self.push_same_key(&mut sql)?;
        sql.push(")");
        Ok(sql)
    }

    /// Writes a query of the staged rows whose key the table has already.
    pub(super) fn push_known(&self, sql: &mut BoundStatement) -> Result<()> {
        sql.push("select from ");
        sql.push(&self.rows.stage);
        sql.push(" as staged");
        let word = self.push_may_conflict(sql)?;
        sql.push(word);
        sql.push("exists (select from ");
        self.rows.target.push_table(sql)?;
        sql.push(" as ");
        sql.push_ident(EXISTING)?;
        sql.push(" where ");
        self.push_same_key(sql)?;
        sql.push(")");
        Ok(())
    }

    /// Refuses a key that the staged rows do not have themselves.
    fn require_key(&self, option: &str) -> Result<()> {
        if self.chosen.elements().is_empty() {
            return self.rows.refuse(format!(
                "{option} goes by a key, and none is named: add on([..]) or on_constraint(\"..\")"
            ));
        }
        for name in self.chosen.columns() {
            if !self.rows.places.contains(&self.rows.target.place(name)?) {
                return self.rows.refuse(format!(
                    "{option} goes by the key {}, and the staged rows have no \"{name}\"",
                    self.key()
                ));
            }
        }
        Ok(())
    }

    fn push_key(&self, sql: &mut BoundStatement) -> Result<()> {
        sql.push_list(self.chosen.elements(), push_element)
    }

    /// Writes which staged rows can be equal by the key at all, and returns the word that another condition begins with.
    fn push_may_conflict(&self, sql: &mut BoundStatement) -> Result<&'static str> {
        let mut word = " where ";
        if !self.chosen.nulls_not_distinct() {
            for element in self.chosen.elements() {
                sql.push(word);
                push_element(sql, element)?;
                sql.push(" is not null");
                word = " and ";
            }
        }
        if let Some(predicate) = self.chosen.predicate() {
            sql.push(word);
            sql.push("(");
            sql.push(predicate);
            sql.push(")");
            word = " and ";
        }
        Ok(word)
    }

    /// Writes that `staged` and `existing` have the same key.
    fn push_same_key(&self, sql: &mut BoundStatement) -> Result<()> {
        for (index, name) in self.chosen.columns().into_iter().enumerate() {
            if index > 0 {
                sql.push(" and ");
            }
            let column = self.rows.target.column(self.rows.target.place(name)?);
            let nulls_too = self.chosen.nulls_not_distinct() && !column.not_null;
            sql.push("staged.");
            sql.push_ident(name)?;
            // Nothing but `=` can be hashed.
            sql.push(if nulls_too {
                " is not distinct from "
            } else {
                " = "
            });
            sql.push_ident(EXISTING)?;
            sql.push(".");
            sql.push_ident(name)?;
        }
        Ok(())
    }
}

fn text<'e>(element: &ArbiterElement<'e>) -> &'e str {
    match element {
        ArbiterElement::Column(text) | ArbiterElement::Expression(text) => text,
    }
}

fn push_element(sql: &mut BoundStatement, element: ArbiterElement<'_>) -> Result<()> {
    match element {
        ArbiterElement::Column(name) => sql.push_ident(name),
        ArbiterElement::Expression(text) => {
            sql.push("(");
            sql.push(text);
            sql.push(")");
            Ok(())
        }
    }
}
