//! A project of its own for each test, so that its server and its databases are nobody else's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio_postgres::{Client, NoTls};

/// Beyond anything that is not a hang.
const DEADLINE: Duration = Duration::from_secs(60);

/// A package that is never built: the command reads its text and its files.
pub(crate) struct Project {
    pub(crate) directory: PathBuf,
    variables: Vec<(&'static str, String)>,
}

/// What a run of the command came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Project {
    /// With one migration, which makes the table `author`.
    pub(crate) fn migrated() -> Project {
        let project = Project::bare();
        project.write("aiodal.toml", "migrations = \"migrations\"\n");
        let sql = "create table author (id int primary key, name text not null unique);\n\
                   create table book (id int primary key, author int references author);\n";
        project.write("migrations/1_author.sql", sql);
        project
    }

    /// With nothing but a manifest.
    pub(crate) fn bare() -> Project {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("aiodal-cli-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        fs::create_dir_all(&directory).expect("the temporary directory can be written");
        let project = Project {
            directory: directory.canonicalize().expect("it is there"),
            variables: vec![("AIODAL_PG_LINGER", "5s".to_owned())],
        };
        project.write(
            "Cargo.toml",
            "[package]\nname = \"scratch\"\nedition = \"2024\"\n[workspace]\n",
        );
        project.write("src/lib.rs", "");
        project
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Project {
        self.variables.push((name, value.into()));
        self
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.directory.join(path);
        let directory = path.parent().expect("the project is above it");
        fs::create_dir_all(directory).expect("the project can be written");
        fs::write(path, text).expect("the project can be written");
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aiodal"));
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            // Which PostgreSQL is the one thing that this machine may say.
            let is_kept = name == "AIODAL_PG_BIN" || name == "AIODAL_PG_USER";
            let is_ours = name.starts_with("AIODAL_") && !is_kept;
            if is_ours
                || name.starts_with("PG")
                || name.starts_with("CARGO_TARGET")
                || name == "DATABASE_URL"
            {
                command.env_remove(name);
            }
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
            .args(arguments)
            .current_dir(&self.directory)
            .stdin(Stdio::null());
        let output = command.output().expect("the command can be run");
        let text = |bytes| String::from_utf8(bytes).expect("it prints UTF-8");
        Ran {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Runs what must succeed, and returns its text.
    pub(crate) fn text(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {ran:?}");
        ran.stdout
    }

    /// The same with `--json`.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let arguments = [arguments, &["--json"]].concat();
        serde_json::from_str(&self.text(&arguments)).expect("it prints JSON")
    }

    /// Runs what must fail for a reason that is no wrong use, and returns what it says.
    pub(crate) fn fails(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, Some(1), "{arguments:?}: {ran:?}");
        ran.stderr
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let given = self
            .variables
            .iter()
            .any(|(name, _)| name.ends_with("DATABASE_URL"));
        if !given {
            let stopped = self.run(&["stop", "--force"]);
            drop(fs::remove_dir_all(&self.directory));
            assert!(
                stopped.code == Some(0) || std::thread::panicking(),
                "{stopped:?}"
            );
        }
        drop(fs::remove_dir_all(&self.directory));
    }
}

/// Connects as somebody else would, and does something.
pub(crate) fn connected<T>(url: &str, what: impl AsyncFnOnce(&Client) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be had");
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, NoTls)
            .await
            .expect("the server takes it");
        let driver = tokio::spawn(async move { drop(connection.await) });
        let done = what(&client).await;
        drop(client);
        driver.await.expect("the driver does not panic");
        done
    })
}

/// Waits until a server's directory is gone, and returns for how long.
pub(crate) fn gone(directory: &Path) -> Duration {
    let begun = Instant::now();
    while directory.exists() {
        assert!(begun.elapsed() < DEADLINE, "{} stays", directory.display());
        std::thread::sleep(Duration::from_millis(5));
    }
    begun.elapsed()
}

pub(crate) fn text_of<'a>(value: &'a Value, path: &str) -> &'a str {
    let found = value
        .pointer(path)
        .unwrap_or_else(|| panic!("no {path} in {value}"));
    found
        .as_str()
        .unwrap_or_else(|| panic!("{path} is no text in {value}"))
}
