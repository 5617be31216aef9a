//! `rename_all`: how the names of columns are made of the names of fields.

use crate::nearest::expected_one_of;

/// A way to write a name, by the example of `first_name`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    /// `firstname`
    Lower,
    /// `FIRSTNAME`
    Upper,
    /// `FirstName`
    Pascal,
    /// `firstName`
    Camel,
    /// `first_name`
    Snake,
    /// `FIRST_NAME`
    ScreamingSnake,
    /// `first-name`
    Kebab,
    /// `FIRST-NAME`
    ScreamingKebab,
}

/// Each is written as itself; the names are serde's.
const CASES: [(&str, Case); 8] = [
    ("lowercase", Case::Lower),
    ("UPPERCASE", Case::Upper),
    ("PascalCase", Case::Pascal),
    ("camelCase", Case::Camel),
    ("snake_case", Case::Snake),
    ("SCREAMING_SNAKE_CASE", Case::ScreamingSnake),
    ("kebab-case", Case::Kebab),
    ("SCREAMING-KEBAB-CASE", Case::ScreamingKebab),
];

impl Case {
    /// Finds a case by its name.
    ///
    /// # Errors
    ///
    /// There is none of this name; the message lists those that there are.
    pub(crate) fn parse(name: &str) -> Result<Self, String> {
        if let Some((_, case)) = CASES.iter().find(|(known, _)| *known == name) {
            return Ok(*case);
        }
        let names = CASES.map(|(known, _)| known);
        let expected = expected_one_of(name, &names);
        Err(format!("unknown case `{name}`; {expected}"))
    }

    /// Rewrites a name in snake case, as those of fields are.
    pub(crate) fn apply(self, field: &str) -> String {
        let capitalized = || field.split('_').map(capitalize).collect::<String>();
        match self {
            Self::Lower => field.replace('_', "").to_lowercase(),
            Self::Upper => field.replace('_', "").to_uppercase(),
            Self::Pascal => capitalized(),
            Self::Camel => {
                let mut words = field.split('_').filter(|word| !word.is_empty());
                let first = words.next().unwrap_or_default().to_owned();
                words.fold(first, |name, word| name + &capitalize(word))
            }
            Self::Snake => field.to_owned(),
            Self::ScreamingSnake => field.to_uppercase(),
            Self::Kebab => field.replace('_', "-"),
            Self::ScreamingKebab => field.replace('_', "-").to_uppercase(),
        }
    }
}

fn capitalize(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters.clone()).collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_is_written_as_itself() {
        let names = ["first_name", "r2_d2", "id", "_hidden"];
        let all = |case: Case| names.map(|name| case.apply(name)).join(" ");
        assert_eq!(all(Case::Lower), "firstname r2d2 id hidden");
        assert_eq!(all(Case::Upper), "FIRSTNAME R2D2 ID HIDDEN");
        assert_eq!(all(Case::Pascal), "FirstName R2D2 Id Hidden");
        assert_eq!(all(Case::Camel), "firstName r2D2 id hidden");
        assert_eq!(all(Case::Snake), "first_name r2_d2 id _hidden");
        assert_eq!(all(Case::ScreamingSnake), "FIRST_NAME R2_D2 ID _HIDDEN");
        assert_eq!(all(Case::Kebab), "first-name r2-d2 id -hidden");
        assert_eq!(all(Case::ScreamingKebab), "FIRST-NAME R2-D2 ID -HIDDEN");
    }

    #[test]
    fn a_case_is_found_by_its_name() {
        assert_eq!(Case::parse("kebab-case"), Ok(Case::Kebab));
        let problem = Case::parse("camelcase").unwrap_err();
        assert!(
            problem.starts_with("unknown case `camelcase`; did you mean `camelCase`?"),
            "{problem}"
        );
    }
}
