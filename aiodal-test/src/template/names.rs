//! The names of databases: all that ours have in common, and what each says.

use aiodal_core::quote_ident;

/// The names of one project's databases for one content.
///
/// `aiodal_<project>_<content>` is the template, `aiodal_<project>_<content>_s<n>` its n-th session database, and
/// `aiodal_<project>_<content>_d<n>` a clone for one test, `n` being the number of the lock that its owner holds.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    project: String,
    content: String,
}

/// What is written on a session database that tests may use (its comment); nothing, while it is being made.
pub(crate) const READY: &str = "aiodal: session database";

/// What is written on a template that is a layer.
pub(crate) const LAYER: &str = "aiodal: layer";

/// What is written on a template that failed to build, before the run that it failed in and what failed.
pub(crate) const FAILED: &str = "aiodal: failed in run ";

/// What is written on a clone that a test has or has had, before the test's name.
pub(crate) const TAKEN: &str = "aiodal: clone for ";

/// What is written on a clone that a test has left behind to be looked at, before the test's name.
pub(crate) const KEPT: &str = "aiodal: kept from ";

impl Names {
    pub(crate) fn new(project: String, content: String) -> Names {
        Names { project, content }
    }

    /// The names of the same project's databases for another content.
    pub(crate) fn with_content(&self, content: String) -> Names {
        Names::new(self.project.clone(), content)
    }

    /// Returns the hash of what the template is made of.
    pub(crate) fn content(&self) -> &str {
        &self.content
    }

    pub(crate) fn template(&self) -> String {
        format!("aiodal_{}_{}", self.project, self.content)
    }

    pub(crate) fn session(&self, generation: u32) -> String {
        format!("{}_s{generation}", self.template())
    }

    /// Returns which session database of ours a name is.
    pub(crate) fn generation(&self, name: &str) -> Option<u32> {
        name.strip_prefix(&self.template())?
            .strip_prefix("_s")?
            .parse()
            .ok()
    }

    /// Says whether a database is this project's, for this content or another.
    pub(crate) fn is_of_project(&self, name: &str) -> bool {
        name.strip_prefix("aiodal_")
            .and_then(|rest| rest.strip_prefix(&self.project))
            .is_some_and(|rest| rest.starts_with('_'))
    }
}

/// Says whether a database is somebody's session database.
pub(crate) fn is_session(name: &str) -> bool {
    let generation = name
        .strip_prefix("aiodal_")
        .and_then(|rest| rest.rsplit_once("_s"))
        .map(|(_, digits)| digits);
    generation.is_some_and(|digits| {
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Returns the template that a session database is a clone of.
pub(crate) fn template_of(session: &str) -> Option<&str> {
    is_session(session)
        .then(|| session.rsplit_once("_s"))?
        .map(|(template, _)| template)
}

/// Returns the name of a template's clone.
pub(crate) fn clone_of(template: &str, number: u32) -> String {
    format!("{template}_d{number}")
}

/// Returns the template that a clone is of, and its number; `None` for all but clones.
pub(crate) fn clone_number(name: &str) -> Option<(&str, u32)> {
    let (template, number) = name
        .strip_prefix("aiodal_")
        .and_then(|_| name.rsplit_once("_d"))?;
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    Some((template, number.parse().ok().filter(|_| digits)?))
}

/// Quotes a name of ours; it consists of hexadecimal digits and is short.
pub(crate) fn quoted(name: &str) -> String {
    quote_ident(name).expect("our own names are identifiers")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_can_be_told_apart() {
        let names = Names::new("0a1b2c3d".into(), "001122334455".into());
        assert_eq!(names.generation(&names.session(12)), Some(12));
        assert_eq!(names.generation(&names.template()), None);
        assert_eq!(names.generation("aiodal_0a1b2c3d_ffffffffffff_s0"), None);
        assert!(names.is_of_project("aiodal_0a1b2c3d_ffffffffffff"));
        assert!(!names.is_of_project("aiodal_0a1b2c3e_ffffffffffff"));
        assert!(
            is_session(&names.session(0))
                && !is_session(&names.template())
                && !is_session("aiodal_s")
        );
        assert!(names.session(u32::MAX).len() <= 63);
        let clone = clone_of(&names.template(), u32::MAX);
        assert_eq!(
            clone_number(&clone),
            Some((names.template().as_str(), u32::MAX))
        );
        assert!(names.is_of_project(&clone) && !is_session(&clone) && clone.len() <= 63);
        assert_eq!(clone_number(&names.session(3)), None);
        assert_eq!(clone_number(&names.template()), None);
    }
}
