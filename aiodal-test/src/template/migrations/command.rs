//! A tool that builds the schema, run as a process.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use aiodal_core::DatabaseUrl;
use tokio::time::sleep;

use super::transcript::Transcript;
use super::words::words;
use crate::set_up::SetUpError;
use crate::template::fingerprint::Fingerprint;

/// A command line, split.
#[derive(Clone, Debug)]
pub(super) struct Line {
    line: String,
    words: Vec<String>,
}

impl Line {
    /// # Errors
    ///
    /// A line that needs a shell or names no program, and no input.
    pub(super) fn parse(line: &str, inputs: &[PathBuf]) -> Result<Line, SetUpError> {
        let refused = |why: &str, way_out: &str| {
            SetUpError::new(
                format!("migration command `{line}` can't be run: {why}"),
                way_out,
            )
        };
        let words = words(line).map_err(|why| {
            refused(
                &why,
                "quote it with '…', or have a shell read it: `sh -c '…'`",
            )
        })?;
        if words.first().is_none_or(String::is_empty) {
            return Err(refused("it names no program", "give it one"));
        }
        if inputs.is_empty() {
            return Err(refused(
                "nobody knows what it reads",
                "name the files or directories that it reads, so that a change of them builds the template anew: \
                 `.input(\"migrations\")`",
            ));
        }
        Ok(Line {
            line: line.to_owned(),
            words,
        })
    }

    pub(super) fn add_to(&self, fingerprint: &mut Fingerprint) {
        fingerprint.text(&self.line);
    }

    /// Runs it to its end in the package's directory.
    ///
    /// # Errors
    ///
    /// A program that is not there, one that fails or takes longer than `limit`, with what it said.
    pub(super) async fn run(
        &self,
        url: &DatabaseUrl,
        base: &Path,
        limit: Duration,
    ) -> Result<(), SetUpError> {
        let line = &self.line;
        let failed = |summary: String, detail: String| {
            let ran = format!("it ran in {} for {url}", base.display());
            SetUpError::new(summary, format!("{detail}\n{ran}"))
        };
        let not_started = |error: std::io::Error| {
            failed(
                format!("migration command `{line}` can't be started"),
                format!("{error}\nis it installed, and is its directory in PATH?"),
            )
        };
        let mut transcript = Transcript::new().map_err(|error| {
            failed(
                format!("migration command `{line}` can't be run: no file for what it says"),
                error.to_string(),
            )
        })?;
        let started = transcript.stdio().and_then(|stdout| {
            let mut command = self.command(url, base);
            command.stdout(stdout).stderr(transcript.stdio()?).spawn()
        });
        let mut child = started.map_err(not_started)?;
        let ended = wait(&mut child, limit).await.map_err(|error| {
            failed(
                format!("migration command `{line}` got lost"),
                error.to_string(),
            )
        })?;
        if ended.is_some_and(|status| status.success()) {
            return Ok(());
        }
        let said = match transcript.end() {
            Ok(said) if said.is_empty() => "it said nothing".to_owned(),
            Ok(said) => format!("it said:\n{}", without_password(said, url)),
            Err(error) => format!("what it said can't be read: {error}"),
        };
        Err(match ended {
            Some(status) => failed(format!("migration command `{line}` failed: {status}"), said),
            None => failed(
                format!("migration command `{line}` was killed after {limit:?}"),
                format!("{said}\ngive it more time with `.timeout(..)` if it needs it"),
            ),
        })
    }

    fn command(&self, url: &DatabaseUrl, base: &Path) -> Command {
        let (program, arguments) = self
            .words
            .split_first()
            .expect("`parse` refuses a line without words");
        // A path is relative to the package, as the arguments are; a name is looked for in PATH.
        let program = if program.contains('/') {
            base.join(program)
        } else {
            PathBuf::from(program)
        };
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(base)
            .stdin(Stdio::null());
        command.env("DATABASE_URL", url.connection_string());
        for (name, value) in url.environment() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }
}

/// Waits for a process to end; `None` if it had to be killed.
async fn wait(child: &mut Child, limit: Duration) -> std::io::Result<Option<ExitStatus>> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if begun.elapsed() >= limit {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        sleep(Duration::from_millis(2)).await;
    }
}

/// Tools like to show the URL that they were given.
fn without_password(mut said: String, url: &DatabaseUrl) -> String {
    let password = url.config().get_password().unwrap_or_default();
    let plain = String::from_utf8_lossy(password).into_owned();
    let exposed = url.connection_string();
    let encoded = exposed
        .split_once("password=")
        .map(|(_, rest)| rest.split('&').next().unwrap_or_default());
    for secret in [Some(plain.as_str()), encoded].into_iter().flatten() {
        if !secret.is_empty() {
            said = said.replace(secret, "…");
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn password_is_masked_however_it_is_written() {
        let url = "host=h user=me password='hunter 2' dbname=d"
            .parse()
            .unwrap();
        let said = "tried postgresql:///d?password=hunter%202 and hunter 2".to_owned();
        assert_eq!(
            without_password(said, &url),
            "tried postgresql:///d?password=… and …"
        );
    }

    #[test]
    fn command_without_inputs_is_told_to_name_them() {
        let error = Line::parse("alembic upgrade head", &[]).unwrap_err();
        assert!(error.to_string().contains(".input("), "{error}");
        let shell = Line::parse("a && b", &[PathBuf::from("x")]).unwrap_err();
        assert!(shell.to_string().contains("sh -c"), "{shell}");
        let none = Line::parse("  ", &[PathBuf::from("x")]).unwrap_err();
        assert!(none.to_string().contains("names no program"), "{none}");
    }
}
