//! Which arbiter an upsert goes by: the one that was named, or the one that a rule finds; never the last one seen.

use super::arbiter::{Arbiter, ArbiterElement, ArbiterKind};
use super::bound::BoundStatement;
use super::target::Target;
use crate::error::Result;

/// How the arbiter is to be found.
#[derive(Clone, Debug)]
pub(crate) enum Choice {
    /// By what the rows supply.
    ByRule,
    Columns(Vec<String>),
    Named(String),
}

/// What the statement says of the arbiter.
#[derive(Clone, Debug)]
pub(super) enum Chosen<'t> {
    Arbiter(Arbiter<'t>),
    /// Columns of a view: only the server knows the keys under it.
    Columns(Vec<&'t str>),
    /// Whatever conflicts: for `DO NOTHING`.
    Any,
}

impl Choice {
    pub(super) fn choose<'t>(
        &self,
        target: &Target<'t>,
        supplies: impl Fn(usize) -> bool,
        updates: bool,
    ) -> Result<Chosen<'t>> {
        let arbiters = target.table.arbiters();
        let chosen = match self {
            Choice::ByRule if !updates => return Ok(Chosen::Any),
            Choice::ByRule => by_rule(target, supplies, &arbiters)?,
            Choice::Named(name) => by_name(target, name, &arbiters)?,
            Choice::Columns(names) => {
                let names = target.names(names.iter().map(String::as_str))?;
                if target.table.has_keys_elsewhere() {
                    return Ok(Chosen::Columns(names));
                }
                by_columns(target, &names, arbiters)?
            }
        };
        if updates && !chosen.allows_update() {
            return target.refuse(format!(
                "\"{}\" excludes rows and is no key: it allows do_nothing() only",
                chosen.name
            ));
        }
        Ok(Chosen::Arbiter(chosen))
    }
}

/// `supplies` says whether every row has a value for a column.
fn by_rule<'t>(
    target: &Target<'t>,
    supplies: impl Fn(usize) -> bool,
    arbiters: &[Arbiter<'t>],
) -> Result<Arbiter<'t>> {
    let fits = |arbiter: &&Arbiter<'_>| {
        arbiter.is_plain()
            && arbiter.columns().is_some_and(|columns| {
                let mut columns = columns.into_iter();
                columns.all(|name| target.place(name).is_ok_and(&supplies))
            })
    };
    let fitting: Vec<&Arbiter<'_>> = arbiters.iter().filter(fits).collect();
    let found = match fitting[..] {
        [] => None,
        [only] => Some(only),
        [first, ..] if first.kind == ArbiterKind::PrimaryKey => Some(first),
        _ => {
            let list = list(fitting.into_iter());
            return target.refuse(format!(
                "several keys may decide whether a row is there already: {list}; \
                 name one by on([..]) or on_constraint(\"..\")"
            ));
        }
    };
    match found.cloned() {
        Some(arbiter) => Ok(arbiter),
        None if target.table.has_keys_elsewhere() => {
            target.refuse("a view has no keys of its own: name the columns by on([..])")
        }
        None => {
            let known = list(arbiters.iter());
            target.refuse(if known.is_empty() {
                "it has no key that decides whether a row is there already".to_owned()
            } else {
                format!(
                    "the rows don't have all columns of any key that could decide without being named; \
                     there are {known}"
                )
            })
        }
    }
}

fn by_name<'t>(target: &Target<'t>, name: &str, arbiters: &[Arbiter<'t>]) -> Result<Arbiter<'t>> {
    let known = list(arbiters.iter());
    match arbiters.iter().find(|arbiter| arbiter.name == name) {
        Some(arbiter) => Ok(arbiter.clone()),
        None => target.refuse(match target.table.unusable(|other, _| other == name) {
            Some(why) => why,
            None => format!(
                "it has no unique constraint or index \"{name}\"{}",
                but(&known)
            ),
        }),
    }
}

fn by_columns<'t>(
    target: &Target<'t>,
    names: &[&str],
    arbiters: Vec<Arbiter<'t>>,
) -> Result<Arbiter<'t>> {
    let known = list(arbiters.iter());
    let (mut whole, mut partial) = (Vec::new(), Vec::new());
    for arbiter in arbiters {
        let over_these = arbiter
            .columns()
            .is_some_and(|columns| same(&columns, names));
        match arbiter.predicate {
            _ if !over_these || !arbiter.allows_update() => {}
            None => whole.push(arbiter),
            Some(_) => partial.push(arbiter),
        }
    }
    // Several over the same columns are the same key, and the server takes them all; not so partial ones.
    if let Some(arbiter) = whole.into_iter().next() {
        return Ok(arbiter);
    }
    if partial.len() > 1 {
        return target.refuse(format!(
            "several partial indexes are over these columns: {}; name one by on_constraint(\"..\")",
            list(partial.iter())
        ));
    }
    match partial.pop() {
        Some(arbiter) => Ok(arbiter),
        None => {
            let is_it = |_: &str, columns: &[String]| {
                let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
                !columns.is_empty() && same(&columns, names)
            };
            target.refuse(match target.table.unusable(is_it) {
                Some(why) => why,
                None => format!("no key is over ({}){}", names.join(", "), but(&known)),
            })
        }
    }
}

/// The server finds a key by its set of columns, whatever their order.
fn same(columns: &[&str], names: &[&str]) -> bool {
    columns.len() == names.len() && names.iter().all(|name| columns.contains(name))
}

fn list<'a, 't: 'a>(arbiters: impl Iterator<Item = &'a Arbiter<'t>>) -> String {
    let names: Vec<String> = arbiters.map(ToString::to_string).collect();
    names.join("; ")
}

fn but(known: &str) -> String {
    if known.is_empty() {
        String::new()
    } else {
        format!(", but {known}")
    }
}

impl Chosen<'_> {
    /// Writes what comes between `on conflict` and the action.
    pub(super) fn push(&self, target: &Target<'_>, sql: &mut BoundStatement) -> Result<()> {
        let arbiter = match self {
            Chosen::Any => return Ok(()),
            Chosen::Columns(names) => {
                sql.push(" (");
                sql.push_idents(names.iter().copied())?;
                sql.push(")");
                return Ok(());
            }
            Chosen::Arbiter(arbiter) => arbiter,
        };
        // By columns the server would also find a deferrable constraint over the same ones, and refuse it.
        let twin = arbiter.columns().is_some_and(|columns| {
            let is_it = |_: &str, other: &[String]| {
                let other: Vec<&str> = other.iter().map(String::as_str).collect();
                same(&other, &columns)
            };
            arbiter.kind != ArbiterKind::UniqueIndex && target.table.unusable(is_it).is_some()
        });
        if twin || arbiter.kind == ArbiterKind::Exclusion {
            sql.push(" on constraint ");
            return sql.push_ident(arbiter.name);
        }
        sql.push(" (");
        sql.push_list(&arbiter.elements, |sql, element| match element {
            ArbiterElement::Column(name) => sql.push_ident(name),
            ArbiterElement::Expression(text) => {
                sql.push("(");
                sql.push(text);
                sql.push(")");
                Ok(())
            }
        })?;
        sql.push(")");
        if let Some(predicate) = arbiter.predicate {
            sql.push(" where (");
            sql.push(predicate);
            sql.push(")");
        }
        Ok(())
    }

    /// Its columns, those of a view included; none where there are expressions.
    pub(super) fn columns(&self) -> Vec<&str> {
        match self {
            Chosen::Any => Vec::new(),
            Chosen::Columns(names) => names.clone(),
            Chosen::Arbiter(arbiter) => arbiter.columns().unwrap_or_default(),
        }
    }

    /// Its columns and expressions.
    pub(super) fn elements(&self) -> Vec<ArbiterElement<'_>> {
        match self {
            Chosen::Any => Vec::new(),
            Chosen::Columns(names) => {
                let names = names.iter();
                names.map(|name| ArbiterElement::Column(name)).collect()
            }
            Chosen::Arbiter(arbiter) => arbiter.elements.clone(),
        }
    }

    pub(super) fn predicate(&self) -> Option<&str> {
        match self {
            Chosen::Arbiter(arbiter) => arbiter.predicate,
            Chosen::Any | Chosen::Columns(_) => None,
        }
    }

    pub(super) fn nulls_not_distinct(&self) -> bool {
        matches!(self, Chosen::Arbiter(arbiter) if arbiter.nulls_not_distinct)
    }

    /// Whether rows that are equal in its columns may still be no conflict.
    pub(super) fn is_partial(&self) -> bool {
        self.predicate().is_some()
    }
}
