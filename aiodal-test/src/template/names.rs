//! The names of databases: all that ours have in common, and what each says.

use aiodal_core::quote_ident;

/// The names of one project's databases for one content.
///
/// `aiodal_<project>_<content>` is the template, `aiodal_<project>_<content>_s<n>` its n-th session database.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    project: String,
    content: String,
}

/// What is written on a session database that tests may use (its comment); nothing, while it is being made.
pub(crate) const READY: &str = "aiodal: session database";

/// What is written on a template that failed to build, before the run that it failed in and what failed.
pub(crate) const FAILED: &str = "aiodal: failed in run ";

impl Names {
    pub(crate) fn new(project: String, content: String) -> Names {
        Names { project, content }
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
    }
}
