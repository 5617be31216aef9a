//! Releases of PostgreSQL, and the versions of packages that hold them.

use std::fmt;

use crate::failure::Failure;

/// A package's version, such as `17.5.0-beta.15`, and the release in it: 17.5.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Release {
    pub(super) major: u32,
    pub(super) minor: u32,
    /// What else distinguishes packages of the same release, as numbers: the newest last.
    build: Vec<u32>,
    pub(super) package_version: String,
}

/// What was asked for: a major version, or one release of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    major: u32,
    minor: Option<u32>,
}

impl Release {
    pub(super) fn parse(version: &str) -> Option<Release> {
        let mut numbers = version
            .split(['.', '-', '+'])
            .filter_map(|part| part.parse().ok());
        Some(Release {
            major: numbers.next()?,
            minor: numbers.next()?,
            build: numbers.collect(),
            package_version: version.to_owned(),
        })
    }
}

impl Wanted {
    pub(super) fn parse(text: &str) -> Result<Wanted, Failure> {
        let (major, minor) = match text.split_once('.') {
            Some((major, minor)) => (major, Some(minor.parse())),
            None => (text, None),
        };
        match (major.parse(), minor.transpose()) {
            (Ok(major), Ok(_)) if major < aiodal_test::cli::OLDEST => Err(Failure::new(
                format!("PostgreSQL {text} is too old"),
                format_args!(
                    "{} is the oldest that tests run on",
                    aiodal_test::cli::OLDEST
                ),
            )),
            (Ok(major), Ok(minor)) => Ok(Wanted { major, minor }),
            _ => Err(Failure::new(
                format!("`{text}` is not a version of PostgreSQL"),
                "write 17, or 17.5 for that very release",
            )),
        }
    }

    pub(super) fn matches(self, major: u32, minor: u32) -> bool {
        self.major == major && self.minor.is_none_or(|wanted| wanted == minor)
    }

    /// Says whether it is what `postgres --version` says, such as `17.5`.
    pub(super) fn matches_text(self, version: &str) -> bool {
        let mut numbers = version.split('.').map(str::parse);
        matches!((numbers.next(), numbers.next()), (Some(Ok(major)), Some(Ok(minor))) if self.matches(major, minor))
    }

    /// The newest of those that fit.
    pub(super) fn newest(self, releases: &[Release]) -> Option<&Release> {
        releases
            .iter()
            .filter(|release| self.matches(release.major, release.minor))
            .max()
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.major)?;
        self.minor.map_or(Ok(()), |minor| write!(f, ".{minor}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_package_of_the_newest_release_that_fits_is_taken() {
        let versions = [
            "17.9.0-beta.2",
            "17.10.0-beta.9",
            "17.10.0-beta.16",
            "18.1.0-beta.1",
            "latest",
        ];
        let releases: Vec<_> = versions.into_iter().filter_map(Release::parse).collect();
        let newest = |wanted| {
            let found = Wanted::parse(wanted).unwrap().newest(&releases).cloned();
            found.map(|release| release.package_version)
        };
        assert_eq!(newest("17").as_deref(), Some("17.10.0-beta.16"));
        assert_eq!(newest("17.9").as_deref(), Some("17.9.0-beta.2"));
        assert_eq!(newest("16"), None);
    }

    #[test]
    fn wrong_version_is_told_with_a_right_one() {
        for (text, told) in [
            ("9", "too old"),
            ("new", "write 17"),
            ("17.x", "write 17"),
            ("", "write 17"),
        ] {
            let said = Wanted::parse(text).unwrap_err().to_string();
            assert!(said.contains(told), "{said}");
        }
    }

    #[test]
    fn what_the_server_says_is_compared_as_numbers() {
        let wanted = |text| Wanted::parse(text).unwrap();
        assert!(wanted("17").matches_text("17.10"));
        assert!(!wanted("17.1").matches_text("17.10"));
        assert!(!wanted("17").matches_text("19beta1"));
    }
}
