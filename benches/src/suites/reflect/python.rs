//! SQLAlchemy in a virtual environment of the suite's own.

use std::process::Command;

use crate::Result;
use crate::postgres::User;
use crate::process::{contestant, timed};
use crate::scratch::{Scratch, on_disk};
use crate::server::Server;

const PACKAGES: [&str; 3] = ["sqlalchemy>=2,<3", "asyncpg", "greenlet"];

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/sqlalchemy/reflect.py");

#[derive(Debug)]
pub(super) struct Python {
    scratch: Scratch,
    /// What was installed, for the report.
    pub(super) versions: String,
}

impl Python {
    /// Makes a virtual environment and installs the packages.
    ///
    /// # Errors
    ///
    /// There is no Python with `venv` and `pip`, or the packages cannot be had.
    pub(super) fn set_up(user: &User) -> Result<Python> {
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
        let mut install = python.program();
        install.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]);
        timed(install.args(PACKAGES))?;
        let tell = "import asyncpg, platform, sqlalchemy; \
                    print(f'Python {platform.python_version()}, SQLAlchemy {sqlalchemy.__version__}, asyncpg {asyncpg.__version__}')";
        python.versions = timed(python.program().args(["-c", tell]))?
            .stdout
            .trim()
            .to_owned();
        Ok(python)
    }

    /// The contestant.
    pub(super) fn command(&self, server: &Server, database: &str) -> Command {
        let mut command = self.program();
        command.arg(SCRIPT).arg(server.directory()).arg(database);
        command
    }

    fn program(&self) -> Command {
        contestant(&self.scratch.path().join("bin/python"))
    }
}
