//! The lines of a script that are meant for psql.

/// What a line for psql asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Meta<'a> {
    /// Nothing that would change the database.
    Harmless,
    /// Another file.
    Include {
        file: &'a str,
        /// Relative to the file that includes it, and not to the package.
        from_here: bool,
    },
    /// What can't be done here, and what to do instead.
    Refused(&'static str),
}

/// The variables that steer psql itself.
const STEERING: [&str; 9] = [
    "ECHO",
    "ECHO_HIDDEN",
    "HISTFILE",
    "HISTSIZE",
    "ON_ERROR_ROLLBACK",
    "ON_ERROR_STOP",
    "QUIET",
    "SHOW_CONTEXT",
    "VERBOSITY",
];

/// Reads one; `None` if the statement is SQL.
pub(crate) fn meta(statement: &str) -> Option<Meta<'_>> {
    let line = statement.strip_prefix('\\')?;
    let (name, rest) = line
        .split_once(char::is_whitespace)
        .map_or((line, ""), |(name, rest)| (name, rest.trim()));
    let file = || rest.trim_matches('\'');
    Some(match name {
        // pg_dump writes the first two around its output.
        "restrict" | "unrestrict" | "echo" | "qecho" | "warn" | "timing" | "pset" | "x" | "t"
        | "a" | "conninfo" => Meta::Harmless,
        "set" | "unset" if is_steering(rest) => Meta::Harmless,
        "i" | "include" if !rest.is_empty() => Meta::Include {
            file: file(),
            from_here: false,
        },
        "ir" | "include_relative" if !rest.is_empty() => Meta::Include {
            file: file(),
            from_here: true,
        },
        "c" | "connect" => Meta::Refused(
            "the database is made already: dump without `--create`, or remove the line",
        ),
        "copy" => Meta::Refused(
            "load the file in the session's seed with `Load`, or dump the rows into the script",
        ),
        "set" | "unset" | "gset" => {
            Meta::Refused("variables of psql are not known here: write the value where it is used")
        }
        _ => Meta::Refused(
            "remove the line, or run the script with psql: `Migrations::command(\"psql -v ON_ERROR_STOP=1 -f …\")`",
        ),
    })
}

fn is_steering(assignment: &str) -> bool {
    let variable = assignment.split_whitespace().next().unwrap_or_default();
    STEERING.contains(&variable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_is_not_psqls() {
        assert_eq!(meta("select E'\\\\'"), None);
    }

    #[test]
    fn includes_are_relative_to_the_package_or_the_file() {
        let include = |file, from_here| Some(Meta::Include { file, from_here });
        assert_eq!(meta("\\i 'a b.sql'"), include("a b.sql", false));
        assert_eq!(meta("\\ir ../x.sql"), include("../x.sql", true));
    }

    #[test]
    fn what_changes_nothing_is_passed_over() {
        for line in [
            "\\restrict 4xLz",
            "\\unrestrict 4xLz",
            "\\echo done",
            "\\set ON_ERROR_STOP on",
            "\\timing",
        ] {
            assert_eq!(meta(line), Some(Meta::Harmless), "{line}");
        }
    }

    #[test]
    fn the_rest_is_refused_with_a_way_out() {
        for line in [
            "\\connect shop",
            "\\copy t from 'f'",
            "\\set schema app",
            "\\set AUTOCOMMIT off",
            "\\q",
            "\\if true",
            "\\gexec",
            "\\.",
            "\\",
        ] {
            assert!(matches!(meta(line), Some(Meta::Refused(_))), "{line}");
        }
    }
}
