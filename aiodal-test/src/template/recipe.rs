//! What the database of a session is made of.

use std::path::{Path, PathBuf};

use super::build::EMPTY;
use super::chain::Chain;
use super::clones::Template;
use super::databases::Found;
use super::fingerprint::Fingerprint;
use super::migrations::{Migrations, Step};
use super::names::{FAILED, Names};
use crate::config::Config;
use crate::digest::digest;
use crate::provision;
use crate::session::Registration;
use crate::set_up::SetUpError;

/// What the database of a session is made of.
pub(crate) struct Recipe {
    pub(crate) names: Names,
    pub(crate) steps: Vec<Step>,
    /// The session, if it seeds.
    pub(crate) seed: Option<Registration>,
    /// Whether the server was given, so that what is left on it stays.
    pub(crate) on_given_server: bool,
    /// Where relative paths start from.
    pub(crate) base: PathBuf,
    /// The run of nextest that this process is part of.
    run: Option<String>,
}

/// How databases are made of it: another text wherever that changes, so that nobody takes one that was made otherwise.
const MADE: &str = "4: pg_notify and what ends processes tell sandboxes";

/// What tells one project's databases from another's, in their names: `session` is empty where none is registered.
pub(crate) fn project(base: &Path, session: &str) -> String {
    digest(&[
        provision::target_directory().as_os_str().as_encoded_bytes(),
        base.as_os_str().as_encoded_bytes(),
        session.as_bytes(),
    ])[..8]
        .to_owned()
}

impl Recipe {
    /// Reads the migrations and hashes all that the template depends on.
    ///
    /// # Errors
    ///
    /// A file that can't be read.
    pub(crate) fn read(
        config: &Config,
        registration: Option<Registration>,
        base: &Path,
    ) -> Result<Recipe, SetUpError> {
        let mut migrations =
            registration.map_or_else(Migrations::none, |registration| (registration.migrations)());
        if let (true, Some(path)) = (migrations.is_none(), &config.migrations) {
            migrations = Migrations::at(path, base);
        }
        let steps = migrations.read(base)?;
        let seed = registration.filter(|registration| registration.source.seeds);
        let mut inputs = Fingerprint::new(base);
        inputs.text(MADE);
        for step in &steps {
            step.add_to(&mut inputs);
        }
        if let Some(registration) = &registration {
            (registration.fingerprint)(&mut inputs);
        }
        let code = registration.filter(|_| seed.is_some() || steps.iter().any(Step::is_code));
        if let Some(registration) = &code {
            inputs.text(&registration.source.source_hash.to_string());
        }
        let content = inputs.finish().map_err(|(path, error)| {
            SetUpError::caused(
                format!(
                    "failed to read {}, which the session's fingerprint names",
                    path.display()
                ),
                &error,
            )
        })?;
        // Two packages, two checkouts or two sessions of one package never sweep each other's templates.
        let session = registration.map_or("", |registration| registration.source.name);
        let project = project(base, session);
        let (names, base) = (Names::new(project, content), base.to_owned());
        let run = std::env::var("NEXTEST_RUN_ID").ok();
        Ok(Recipe {
            names,
            steps,
            seed,
            on_given_server: true,
            base,
            run,
        })
    }

    /// What to write on a template that failed to build; nothing where no other process of the run would read it.
    pub(crate) fn failure_mark(&self, error: &SetUpError) -> Option<String> {
        let run = self.run.as_ref()?;
        Some(format!("{FAILED}{run}: {}", error.summary()))
    }

    /// Returns the failure that another process of this run has met with this template, and has told in full.
    pub(crate) fn failure_told(&self, template: &Found) -> Option<SetUpError> {
        let mark = template.mark.as_ref()?.strip_prefix(FAILED)?;
        let summary = mark.strip_prefix(self.run.as_ref()?)?.strip_prefix(": ")?;
        Some(SetUpError::new(
            summary,
            "told in full by the first test of this run that met it",
        ))
    }

    /// Says whether a template failed to build in this run, so that its mark is still to be read.
    pub(crate) fn has_failed_in_this_run(&self, template: &Found) -> bool {
        self.failure_told(template).is_some()
    }

    /// What a test's own database is a clone of.
    pub(crate) fn template(&self, chain: &Chain) -> Template {
        let name = chain.names().template();
        let is_empty = !self.is_needed() && chain.links().is_empty();
        Template {
            source: if is_empty {
                EMPTY.to_owned()
            } else {
                name.clone()
            },
            name,
        }
    }

    /// Says whether there is anything to prepare.
    pub(crate) fn is_needed(&self) -> bool {
        !self.steps.is_empty() || self.seed.is_some()
    }
}
