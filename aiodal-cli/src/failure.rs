//! Why the command could not do what it was asked for.

use std::error::Error;
use std::fmt;

use aiodal_test::SetUpError;

/// A message for the person at the terminal: what failed, why, and what to do next.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    /// `next` says what to do.
    pub(crate) fn new(what: impl fmt::Display, next: impl fmt::Display) -> Failure {
        Failure(format!("{what}\n{next}"))
    }

    pub(crate) fn caused(what: impl fmt::Display, cause: &(dyn Error + 'static)) -> Failure {
        Failure(format!("{what}\n{}", aiodal_core::chain(cause)))
    }

    /// Adds what to do.
    pub(crate) fn or(self, next: impl fmt::Display) -> Failure {
        Failure(format!("{self}\n{next}"))
    }
}

impl From<SetUpError> for Failure {
    fn from(error: SetUpError) -> Failure {
        Failure(error.to_string())
    }
}

impl From<aiodal_core::Error> for Failure {
    fn from(error: aiodal_core::Error) -> Failure {
        Failure(format!("{error:#}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, line) in self.0.lines().enumerate() {
            if number > 0 {
                f.write_str("\n")?;
                if !line.starts_with(' ') {
                    f.write_str("  ")?;
                }
            }
            f.write_str(line)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_the_first_line_is_indented_once() {
        let failure = Failure::new("no server", "start one").or("or\n  two");
        assert_eq!(failure.to_string(), "no server\n  start one\n  or\n  two");
    }
}
