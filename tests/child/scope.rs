//! A place of a child's own: servers and databases are shared by target directory, so it gets one.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, io};

use crate::crates::{binary, faults};
use crate::run::{Report, run};

/// How long anything may take that is waited for.
const DEADLINE: Duration = Duration::from_secs(60);

/// A target directory with one test binary in it; removed when dropped.
pub(crate) struct Scope {
    directory: PathBuf,
    test: &'static str,
    variables: Vec<(&'static str, String)>,
}

/// A child in the middle of its test.
pub(crate) struct Hanging {
    child: Child,
    /// The server's data directory.
    pub(crate) data: PathBuf,
    pub(crate) database: String,
}

impl Scope {
    pub(crate) fn new(name: &str, test: &'static str) -> Scope {
        // In the target directory, so that the binary can be linked there: one that has just been written cannot be
        // run while another thread is starting a process.
        let name = format!("{name}-{}", std::process::id());
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir(&directory).expect("the target directory can be written to");
        // What marks a target directory.
        fs::write(
            directory.join("CACHEDIR.TAG"),
            "Signature: 8a477f597d28d172789f06886806bc55\n",
        )
        .expect("as above");
        fs::hard_link(binary(test), directory.join(test)).expect("as above");
        let variables = vec![("AIODAL_PG_LINGER", "300ms".to_owned())];
        Scope {
            directory,
            test,
            variables,
        }
    }

    /// Has the children use a given server.
    pub(crate) fn with_server(self, url: String) -> Scope {
        self.with("AIODAL_DATABASE_URL", url)
    }

    /// Sets a variable of the children's environment.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Scope {
        self.variables.push((name, value.into()));
        self
    }

    /// A path in the directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Puts another test binary into the directory.
    pub(crate) fn link(&self, binary: &Path, name: &str) {
        fs::hard_link(binary, self.path(name)).expect("the target directory can be written to");
    }

    pub(crate) fn command(&self) -> Command {
        self.command_of(self.test)
    }

    /// A command that runs one of the directory's binaries.
    pub(crate) fn command_of(&self, name: &str) -> Command {
        let mut command = Command::new(self.path(name));
        // The environment of any other child, apart from the server.
        for (name, value) in faults(self.test).get_envs() {
            assert!(value.is_none(), "{} is set for children", name.display());
            command.env_remove(name);
        }
        command
            .env_remove("AIODAL_DATABASE_URL")
            .env_remove("DATABASE_URL")
            .envs(self.variables.clone());
        command
    }

    /// Runs a test to its end.
    pub(crate) fn run(&self, test: &str) -> Report {
        run(self.command().args(["--exact", test]))
    }

    /// Runs all tests but those that hang, one after another.
    pub(crate) fn run_all(&self) -> Report {
        run(self.command().args(["--test-threads=1", "--skip=hangs"]))
    }

    /// Runs a test to its end, its output uncaptured.
    pub(crate) fn run_aloud(&self, test: &str) -> Report {
        run(self.command().args(["--exact", test, "--nocapture"]))
    }

    /// Starts the hanging test and waits until it hangs.
    pub(crate) fn hang(&self) -> Hanging {
        let mut child = self
            .command()
            .args(["--exact", "hangs", "--nocapture"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the child can be started");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        let ready = output
            .lines()
            .map_while(io::Result::ok)
            .find(|line| line.starts_with("ready "));
        let ready = ready.expect("the child comes to its database");
        let mut words = ready.split(' ').skip(1).map(str::to_owned);
        let (data, database) = (
            words.next().expect("a directory"),
            words.next().expect("a database"),
        );
        Hanging {
            child,
            data: PathBuf::from(data),
            database,
        }
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        let removed = fs::remove_dir_all(&self.directory);
        if !std::thread::panicking() {
            removed.expect("the scope can be removed");
        }
    }
}

impl Hanging {
    /// Kills the child, which gets no chance to say or do anything.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it has run");
    }

    /// Waits for a child that fails by itself.
    pub(crate) fn wait(mut self) -> bool {
        self.child.wait().expect("it has run").success()
    }

    /// The directory that the server's socket and data are in.
    pub(crate) fn run_directory(&self) -> PathBuf {
        self.data
            .parent()
            .expect("the data is in a directory")
            .to_owned()
    }
}

/// Waits until a server's directory is gone, and every process that has it among its arguments.
pub(crate) fn wait_until_gone(directory: &Path) {
    wait_until(&format!("{} is gone", directory.display()), || {
        !directory.exists() && processes_of(directory).is_empty()
    });
}

fn processes_of(directory: &Path) -> Vec<String> {
    let needle = directory.to_str().expect("it is one of ours");
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let command_lines =
        processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
    command_lines
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(needle))
        .collect()
}

/// Polls a condition until it holds.
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !holds() {
        assert!(
            Instant::now() < deadline,
            "waited {DEADLINE:?} in vain until {what}"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}
