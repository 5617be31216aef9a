//! Why a test could not begin: never an assertion that failed, and never the test's own doing.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use aiodal_core::{DatabaseUrl, chain};

use crate::fixture::FixtureSource;

/// A failure before the body of a test began.
///
/// One session may be set up for many tests, so that one failure is shared by all of them.
#[derive(Clone)]
pub struct SetUpError(Arc<Report>);

#[derive(Clone)]
struct Report {
    /// What could not be done, in a line.
    summary: String,
    /// The cause and the next step, as many lines as they need.
    detail: String,
    /// Whether every test of the process meets it.
    shared: bool,
    /// The fixtures that were being set up: each was asked for by the one before it.
    fixtures: Vec<&'static str>,
}

impl SetUpError {
    pub(crate) fn new(summary: impl Into<String>, detail: impl Into<String>) -> SetUpError {
        SetUpError(Arc::new(Report {
            summary: summary.into(),
            detail: detail.into(),
            shared: false,
            fixtures: Vec::new(),
        }))
    }

    /// An operation failed for the reason that `cause` gives.
    pub(crate) fn caused(
        summary: impl Into<String>,
        cause: &(dyn StdError + 'static),
    ) -> SetUpError {
        SetUpError::new(summary, chain(cause))
    }

    pub(crate) fn config(problems: &[String]) -> SetUpError {
        SetUpError::new("the configuration is not valid", problems.join("\n"))
    }

    pub(crate) fn connect(url: &DatabaseUrl, cause: &(dyn StdError + 'static)) -> SetUpError {
        let hint = "is the server running and is the URL right? Without any URL, a server of our own is started";
        SetUpError::new(
            format!("failed to connect to {url}"),
            format!("{}\n{hint}", chain(cause)),
        )
    }

    pub(crate) fn statement(
        what: &str,
        url: &DatabaseUrl,
        cause: &(dyn StdError + 'static),
    ) -> SetUpError {
        SetUpError::caused(format!("failed to {what} on {url}"), cause)
    }

    /// The same failure, with another line of detail.
    pub(crate) fn noted(self, line: &str) -> SetUpError {
        let detail = format!("{}\n{line}", self.0.detail);
        SetUpError(Arc::new(Report {
            detail,
            ..Report::clone(&self.0)
        }))
    }

    /// The same failure, of the session and so of all its tests.
    pub(crate) fn shared(self) -> SetUpError {
        SetUpError(Arc::new(Report {
            shared: true,
            ..Report::clone(&self.0)
        }))
    }

    /// The same failure, met while a fixture was set up.
    pub(crate) fn within(self, fixture: FixtureSource) -> SetUpError {
        let mut report = Report::clone(&self.0);
        report.fixtures.insert(0, fixture.short());
        SetUpError(Arc::new(report))
    }

    pub(crate) fn is_shared(&self) -> bool {
        self.0.shared
    }

    pub(crate) fn summary(&self) -> &str {
        &self.0.summary
    }
}

impl fmt::Display for SetUpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report {
            summary,
            detail,
            shared: _,
            fixtures,
        } = &*self.0;
        write!(f, "{summary}")?;
        for line in detail.lines() {
            write!(f, "\n  {line}")?;
        }
        if fixtures.len() > 1 {
            write!(f, "\n  asked for by: {}", fixtures.join(" -> "))?;
        }
        Ok(())
    }
}

impl fmt::Debug for SetUpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl StdError for SetUpError {}
