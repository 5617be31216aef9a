//! Whose migrations they are, by their names.

use std::cmp::Ordering;

/// A name of refinery's or Flyway's: `V1__users.sql`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Versioned {
    pub(super) kind: Kind,
    /// `1.2` and `1_2` are two numbers. None, of what is repeatable.
    pub(super) version: Vec<u64>,
    /// What comes after the two underscores.
    description: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// `V`.
    Versioned,
    /// `U`: refinery's unversioned, or Flyway's undo.
    Unversioned,
    /// `R`: Flyway's repeatable.
    Repeatable,
}

impl Versioned {
    /// Reads a file's name.
    pub(super) fn parse(name: &str) -> Option<Versioned> {
        let (kind, rest) = match name.split_at_checked(1)? {
            ("V", rest) => (Kind::Versioned, rest),
            ("U", rest) => (Kind::Unversioned, rest),
            ("R", rest) => (Kind::Repeatable, rest),
            _ => return None,
        };
        let (version, description) = rest.strip_suffix(".sql")?.split_once("__")?;
        let version: Vec<u64> = match kind {
            Kind::Repeatable if version.is_empty() => Vec::new(),
            Kind::Repeatable => return None,
            _ => version
                .split(['.', '_'])
                .map(|part| part.parse().ok())
                .collect::<Option<_>>()?,
        };
        Some(Versioned {
            kind,
            version,
            description: description.to_owned(),
        })
    }
}

/// By version; what is repeatable comes last, by its description.
impl Ord for Versioned {
    fn cmp(&self, other: &Versioned) -> Ordering {
        let key = |name: &Versioned| {
            (
                name.kind == Kind::Repeatable,
                name.version.clone(),
                name.kind,
                name.description.clone(),
            )
        };
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Versioned {
    fn partial_cmp(&self, other: &Versioned) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Says whether a name begins with a number and an underscore, as sqlx and golang-migrate have it.
pub(super) fn is_numbered(name: &str) -> bool {
    name.split_once('_').is_some_and(|(number, _)| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// The version of one of diesel's directories, as diesel compares them: `2024-01-31-120000_users` is `20240131120000`.
pub(super) fn stamp(name: &str) -> (String, String) {
    let version = name.split_once('_').map_or(name, |(version, _)| version);
    (version.replace('-', ""), name.to_owned())
}

/// Splits a name into text and numbers, so that numbers compare as such.
pub(super) fn order(name: &str) -> Vec<(String, Option<u128>)> {
    let mut parts = Vec::new();
    let mut rest = name.strip_suffix(".sql").unwrap_or(name);
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (text, tail) = rest.split_at(digits);
        let end = tail
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(tail.len());
        let (number, tail) = tail.split_at(end);
        let number = (end > 0).then(|| number.parse().unwrap_or(u128::MAX));
        parts.push((text.to_owned(), number));
        rest = tail;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_as_numbers() {
        let mut names = [
            "10_a.sql",
            "2_b.sql",
            "V1__c.sql",
            "V1.1__d.sql",
            "001_e.sql",
            "tables10.sql",
            "tables2.sql",
            "tables.sql",
        ];
        names.sort_by_cached_key(|name| order(name));
        assert_eq!(
            names,
            [
                "001_e.sql",
                "2_b.sql",
                "10_a.sql",
                "V1.1__d.sql",
                "V1__c.sql",
                "tables.sql",
                "tables2.sql",
                "tables10.sql"
            ]
        );
    }

    #[test]
    fn versions_compare_part_by_part_and_repeatable_ones_come_last() {
        let sorted = [
            "V1__a.sql",
            "V1_1__b.sql",
            "V1.2__c.sql",
            "U2__d.sql",
            "V10__e.sql",
            "R__f.sql",
            "R__g.sql",
        ];
        let mut names: Vec<_> = sorted
            .iter()
            .rev()
            .map(|name| Versioned::parse(name).unwrap())
            .collect();
        names.sort();
        let expected: Vec<_> = sorted
            .iter()
            .map(|name| Versioned::parse(name).unwrap())
            .collect();
        assert_eq!(names, expected);
    }

    #[test]
    fn names_that_only_look_versioned_are_not() {
        for name in [
            "V1_users.sql",
            "V__x.sql",
            "Vx__y.sql",
            "R1__x.sql",
            "v1__x.sql",
            "V1__x.txt",
            "Users__x.sql",
            "",
            "é.sql",
        ] {
            assert_eq!(Versioned::parse(name), None, "{name}");
        }
    }

    #[test]
    fn numbered_names_begin_with_a_number_and_an_underscore() {
        assert!(is_numbered("1_users.sql") && is_numbered("20240131120000_users.up.sql"));
        assert!(!is_numbered("1.sql") && !is_numbered("_x.sql") && !is_numbered("2024-01_x.sql"));
    }
}
