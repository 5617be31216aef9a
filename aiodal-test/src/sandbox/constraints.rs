//! Constraints that may be checked at the end of a transaction, as SET CONSTRAINTS names them.

/// Returns what reads them: a `+` in front of those that are deferred from the beginning of each transaction, else a `-`.
/// `own` is for those alone that the current role may name.
///
/// A name stands for all that have it, and can't be deferred where one of them can't.
pub(super) fn read(own: bool) -> String {
    let may_be_named = if own {
        "where pg_catalog.has_schema_privilege(n.oid, 'usage') "
    } else {
        ""
    };
    format!(
        "select case when bool_or(condeferred) and bool_and(condeferrable) then '+' else '-' end \
         || pg_catalog.format('%I.%I', nspname, conname) from pg_catalog.pg_constraint \
         join pg_catalog.pg_namespace n on n.oid = connamespace {may_be_named}\
         group by nspname, conname having bool_or(condeferrable) order by nspname, conname"
    )
}

/// Names with commas between them.
#[derive(Debug, Default)]
pub(crate) struct Deferrable {
    /// All that may be deferred.
    pub(super) all: String,
    /// Those that are from the beginning of each transaction.
    pub(super) deferred: String,
}

impl Deferrable {
    /// Takes what was read.
    pub(super) fn of(cells: &[String]) -> Deferrable {
        let mut found = Deferrable::default();
        for cell in cells {
            let name = cell.trim_start_matches(['+', '-']);
            append(&mut found.all, name);
            if cell.starts_with('+') {
                append(&mut found.deferred, name);
            }
        }
        found
    }
}

fn append(names: &mut String, name: &str) {
    if !names.is_empty() {
        names.push_str(", ");
    }
    names.push_str(name);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_are_deferred_are_among_all() {
        let cells = ["+public.a", "-public.\"b c\"", "+s.d"].map(str::to_owned);
        let found = Deferrable::of(&cells);
        assert_eq!(found.all, "public.a, public.\"b c\", s.d");
        assert_eq!(found.deferred, "public.a, s.d");
    }
}
