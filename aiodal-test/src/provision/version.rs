//! Versions of PostgreSQL: what a program says it is, and what a setting asks for.

use std::cmp::Ordering;
use std::fmt;

use super::error::ProvisionError;

/// The oldest that runs: `client_connection_check_interval`, which ends the sessions of killed clients, is from 14.
const OLDEST: u32 = 14;

/// A version that a program reports, such as `15.18` or `19beta1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) major: u32,
    minor: u32,
    text: String,
}

impl Version {
    /// Reads `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
    pub(super) fn of_program(line: &str) -> Option<Version> {
        let text = line
            .split_whitespace()
            .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
        let mut numbers = text.split('.').map(leading_number);
        let major = numbers.next()??;
        let minor = numbers.next().flatten().unwrap_or(0);
        Some(Version {
            major,
            minor,
            text: text.to_owned(),
        })
    }

    pub(super) fn is_supported(&self) -> bool {
        self.major >= OLDEST
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Version) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Version) -> Ordering {
        (self.major, self.minor, &self.text).cmp(&(other.major, other.minor, &other.text))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What `AIODAL_PG_VERSION` asks for: a major version, or one release of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    major: u32,
    minor: Option<u32>,
}

impl Wanted {
    /// Reads `17` or `17.4`.
    pub(super) fn parse(value: &str) -> Result<Wanted, ProvisionError> {
        let wrong = |problem: &str| ProvisionError::setting("AIODAL_PG_VERSION", value, problem);
        let (major, minor) = match value.trim().split_once('.') {
            Some((major, minor)) => (major.parse(), Some(minor.parse())),
            None => (value.trim().parse(), None),
        };
        match (major, minor.transpose()) {
            (Ok(major), _) if major < OLDEST => Err(wrong("14 is the oldest that aiodal runs")),
            (Ok(major), Ok(minor)) => Ok(Wanted { major, minor }),
            _ => Err(wrong(
                "it is not a version; write `17`, or `17.4` for that very release",
            )),
        }
    }

    pub(super) fn matches(&self, version: &Version) -> bool {
        self.major == version.major && self.minor.is_none_or(|minor| minor == version.minor)
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.major)?;
        self.minor.map_or(Ok(()), |minor| write!(f, ".{minor}"))
    }
}

/// The number that `19beta1` begins with.
fn leading_number(text: &str) -> Option<u32> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(line: &str) -> (u32, u32) {
        let version = Version::of_program(line).unwrap();
        (version.major, version.minor)
    }

    #[test]
    fn versions_are_read_as_the_programs_print_them() {
        assert_eq!(
            program("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"),
            (15, 18)
        );
        assert_eq!(program("postgres (PostgreSQL) 19beta1"), (19, 0));
        assert_eq!(program("postgres (PostgreSQL) 20devel"), (20, 0));
        assert_eq!(
            program("postgres (EnterpriseDB Advanced Server 17.2.0) 17.2.0"),
            (17, 2)
        );
        assert_eq!(Version::of_program("command not found"), None);
    }

    #[test]
    fn releases_are_ordered_as_numbers() {
        let version = |text: &str| Version::of_program(text).unwrap();
        assert!(version("17.10") > version("17.9"));
        assert!(version("9.6.24") < version("14.0"));
    }

    #[test]
    fn a_wanted_major_takes_any_release_of_it_and_a_wanted_release_only_itself() {
        let found = Version::of_program("15.18").unwrap();
        let matches = |wanted: &str| Wanted::parse(wanted).unwrap().matches(&found);
        assert!(matches("15"));
        assert!(matches("15.18"));
        assert!(!matches("15.1"));
        assert!(!matches("17"));
    }

    #[test]
    fn a_wrong_version_setting_is_named_with_what_would_be_right() {
        for (value, part) in [
            ("new", "not a version"),
            ("15.x", "not a version"),
            ("13", "14 is the oldest"),
        ] {
            let said = Wanted::parse(value).unwrap_err().to_string();
            assert!(
                said.contains(&format!("AIODAL_PG_VERSION is `{value}`")) && said.contains(part),
                "{said}"
            );
        }
    }
}
