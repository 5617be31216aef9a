//! Contestants in Python, in a virtual environment of the suite's own.

use std::process::Command;

use crate::Result;
use crate::postgres::User;
use crate::process::{contestant, timed};
use crate::scratch::{Scratch, on_disk};

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python");

/// A virtual environment.
#[derive(Debug)]
pub(crate) struct Python {
    scratch: Scratch,
    /// What was installed, for the report.
    pub(crate) versions: String,
}

impl Python {
    /// Makes a virtual environment and installs the packages.
    ///
    /// # Errors
    ///
    /// There is no Python with `venv` and `pip`, or the packages cannot be had.
    pub(crate) fn set_up(user: &User, packages: &[&str]) -> Result<Python> {
        let own = User {
            other: None,
            name: user.name.clone(),
        };
        let scratch = Scratch::new(&on_disk(), "python", &own)?;
        timed(
            Command::new("python3")
                .args(["-m", "venv"])
                .arg(scratch.path()),
        )?;
        let mut python = Python {
            scratch,
            versions: String::new(),
        };
        let mut pip = python.program();
        pip.args(["-m", "pip", "--disable-pip-version-check"]);
        timed(pip.args(["install", "--quiet"]).args(packages))?;
        let names: Vec<&str> = packages
            .iter()
            .map(|package| package.split(['<', '>', '=']).next().unwrap_or(package))
            .collect();
        let tell = format!(
            "import platform; from importlib.metadata import version; \
             print(', '.join(['Python ' + platform.python_version()] + [f'{{name}} {{version(name)}}' for name in {names:?}]))"
        );
        let told = timed(python.program().args(["-c", &tell]))?;
        told.stdout.trim().clone_into(&mut python.versions);
        Ok(python)
    }

    /// Runs one of our scripts.
    pub(crate) fn script(&self, name: &str) -> Command {
        let mut command = self.program();
        command.arg(format!("{SCRIPTS}/{name}"));
        command
    }

    fn program(&self) -> Command {
        contestant(&self.scratch.path().join("bin/python"))
    }
}
