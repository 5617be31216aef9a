//! From nothing to the first SELECT: by hand, and by aiodal in each state that it can find the machine in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::postgres::Postgres;
use crate::process::{Peers, Run, contestant, tests, timed, timed_silently};
use crate::report::Report;
use crate::scratch::{Scratch, on_disk};
use crate::stats::Samples;
use crate::{Result, interrupt};

const PEER: &str = "peer-aiodal-one";

/// Soon gone, so that the next start is a start again.
const SHORT: &str = "100ms";
/// Outlives the gap between two processes; the last one is waited for.
const LONG: &str = "3s";

/// A server that has not gone by then is not going.
const GOING_LIMIT: Duration = Duration::from_mins(1);

const ABOUT: &str = "
Each sample is what it takes until a test of its own process has its first SELECT answered, and the process has ended.
  naive   initdb, pg_ctl -w start, both with their defaults and on disk, and the test, with the server's URL
  first   aiodal, no server, no cache: what the very first `cargo test` of a machine pays
  cached  aiodal, no server: the first `cargo test` of the day
  warm    aiodal, its server running: each `cargo test` after that, and each test of nextest
  start   the same test binary with a filter that matches no test: the process, and nothing else
Net is less `start` of the same round. All run round by round, in turn.";

/// Runs the suite.
///
/// # Errors
///
/// The peer does not build, PostgreSQL is not installed, or a start fails.
pub(crate) fn run(quick: bool) -> Result<Report> {
    let rounds = if quick { 3 } else { 9 };
    let peers = Peers::build(&[PEER])?;
    let postgres = Postgres::find()?;
    let stage = Stage::prepare(&postgres, peers.binary(PEER))?;
    let mut columns: [(&str, Samples); 5] =
        ["naive", "first", "cached", "warm", "start"].map(|name| (name, Samples::default()));
    for round in 1..=rounds {
        interrupt::check()?;
        eprintln!("round {round} of {rounds}");
        let walls = [
            stage.naive()?,
            stage.first()?,
            stage.cached()?,
            stage.warm()?,
            stage.start()?,
        ];
        for ((_, samples), wall) in columns.iter_mut().zip(walls) {
            samples.push(wall.as_secs_f64() * 1e3);
        }
    }
    stage.wait_for_warm()?;

    let place = format!(
        "{} as `{}`; on disk is under {}",
        postgres.version,
        postgres.user.name,
        stage.scratch.path().display()
    );
    let mut report = Report::new("provision", vec![ABOUT.to_owned(), place]);
    let start = columns[4].1.clone();
    for (name, samples) in &columns {
        report.figure(*name, "ms", samples.clone());
    }
    for (name, samples) in &columns[..4] {
        let aim = (*name == "warm").then_some("at most 10");
        report.figure_with_aim(format!("{name}, net"), "ms", samples.less(&start), aim);
    }
    report.ratio("naive", "first", None);
    report.ratio("naive", "cached", Some("at least 10"));
    report.ratio("naive", "warm", None);
    Ok(report)
}

/// Where it all happens: a cache of its own, so that whoever runs this keeps theirs.
struct Stage<'a> {
    postgres: &'a Postgres,
    scratch: Scratch,
    /// A copy: the user of the server may not be able to reach the original.
    binary: PathBuf,
}

impl Stage<'_> {
    fn prepare<'a>(postgres: &'a Postgres, binary: &Path) -> Result<Stage<'a>> {
        let scratch = Scratch::new(&on_disk(), "provision", &postgres.user)?;
        let copy = scratch.path().join("first_select");
        fs::copy(binary, &copy)
            .map_err(|error| format!("failed to copy {}: {error}", binary.display()))?;
        postgres.user.give(&copy)?;
        Ok(Stage {
            postgres,
            scratch,
            binary: copy,
        })
    }

    fn naive(&self) -> Result<Duration> {
        let data = self.scratch.path().join("naive");
        let socket = self.scratch.path().display();
        let made = timed(self.postgres.command("initdb").arg("-D").arg(&data))?;
        let cluster = Cluster { stage: self, data };
        let mut start = self.control("start", &cluster.data);
        start.arg("-w").arg("-l").arg(cluster.data.join("log"));
        start
            .arg("-o")
            .arg(format!("-c listen_addresses= -k {socket}"));
        // The server would inherit the pipe, and nobody would see its end.
        let started = timed_silently(&mut start)?;
        let user = &self.postgres.user.name;
        let url = format!("postgres:///postgres?host={socket}&user={user}");
        let selected = self.select(SHORT, Some(url))?;
        Ok(made.wall + started + selected.wall)
    }

    fn first(&self) -> Result<Duration> {
        let cache = self.cache();
        if cache.exists() {
            fs::remove_dir_all(&cache)
                .map_err(|error| format!("failed to remove {}: {error}", cache.display()))?;
        }
        self.cached()
    }

    fn cached(&self) -> Result<Duration> {
        let run = self.select(SHORT, None)?;
        wait_until_gone(&run)?;
        Ok(run.wall)
    }

    fn warm(&self) -> Result<Duration> {
        self.select(LONG, None)?;
        Ok(self.select(LONG, None)?.wall)
    }

    fn start(&self) -> Result<Duration> {
        Ok(tests(self.command(SHORT).arg("no_such_test"), 0)?.wall)
    }

    /// Waits for the server that [`warm`](Stage::warm) leaves.
    fn wait_for_warm(&self) -> Result<()> {
        let last = self.select(LONG, None)?;
        wait_until_gone(&last)
    }

    /// Runs the test, which has the first SELECT in it, with a server that stays for `linger`.
    fn select(&self, linger: &str, url: Option<String>) -> Result<Run> {
        let mut command = self.command(linger);
        command.arg("--nocapture");
        command.envs(url.map(|url| ("AIODAL_DATABASE_URL", url)));
        tests(&mut command, 1)
    }

    fn command(&self, linger: &str) -> Command {
        let mut command = contestant(&self.binary);
        self.postgres.user.run(&mut command);
        command
            .env_remove("CARGO_TARGET_DIR")
            .env("XDG_CACHE_HOME", self.cache())
            .env("AIODAL_PG_BIN", self.postgres.directory())
            .env("AIODAL_PG_LINGER", linger);
        command
    }

    fn control(&self, action: &str, data: &Path) -> Command {
        let mut command = self.postgres.command("pg_ctl");
        command.args([action, "-D"]).arg(data);
        command
    }

    fn cache(&self) -> PathBuf {
        self.scratch.path().join("cache")
    }
}

/// A cluster made by hand; its server stops and its directory goes when this is dropped.
struct Cluster<'a> {
    stage: &'a Stage<'a>,
    data: PathBuf,
}

impl Drop for Cluster<'_> {
    fn drop(&mut self) {
        // Neither can be mended here: the directory above goes at the end of the suite.
        let _stopped = self
            .stage
            .control("stop", &self.data)
            .args(["-m", "immediate"])
            .output();
        let _removed = fs::remove_dir_all(&self.data);
    }
}

/// Waits until the server of a run has ended and its directory is gone.
fn wait_until_gone(run: &Run) -> Result<()> {
    let directory = data_directory(&run.stdout)?;
    let begun = Instant::now();
    while directory.exists() {
        interrupt::check()?;
        if begun.elapsed() > GOING_LIMIT {
            return Err(format!(
                "the server in {} was to go and is still there after {GOING_LIMIT:?}: see the log beside it",
                directory.display()
            )
            .into());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// Where the server lies that the test has talked to: the test prints it.
fn data_directory(stdout: &str) -> Result<PathBuf> {
    let line = stdout
        .lines()
        .find_map(|line| line.split_once("data_directory="));
    let (_, path) =
        line.ok_or_else(|| format!("the test does not say where its server is:\n{stdout}"))?;
    Ok(PathBuf::from(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directory_is_found_behind_what_libtest_prints_on_its_line() {
        let stdout = "running 1 test\ntest first_select ... data_directory=/dev/shm/x/data\nok\n";
        assert_eq!(
            data_directory(stdout).unwrap(),
            PathBuf::from("/dev/shm/x/data")
        );
        assert!(data_directory("running 0 tests").is_err());
    }
}
