//! Starts a server that can outlive us, and cannot outlive its use.
//!
//! The postmaster's parent is a shell, the *wrapper*, which removes the run directory after the server has ended,
//! whatever ended it. Two pipes join it to the starter until the server can look after itself:
//!
//! - The *guard*, its standard input. If the starter dies before it says `started`, the wrapper ends the server.
//! - The *pulse*, which nobody writes to. If the server dies before it serves, the starter reads the end of it.
//!
//! Once the guard has said `started`, the wrapper marks the server open: from then on it is the reaper's to end.

use std::fs::File;
use std::io::Write;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tokio::time::sleep;

use super::binaries::Binaries;
use super::connection::{Connection, PATIENCE, Refusal, connect};
use super::error::ProvisionError;
use super::owner::Owner;
use super::process;
use super::run::{PORT, RunDirectory};

/// How long a server may take to serve. 60 ms is usual.
const START: Duration = Duration::from_secs(30);

/// How long the wrapper may take for what it does by itself.
const WRAPPER_PATIENCE: Duration = Duration::from_secs(10);

/// Arguments: the run directory, the postmaster, its arguments.
///
/// - The server takes the pulse as descriptor 3; the shell keeps no copy.
/// - Signals are ignored only after the fork, or the server would begin by ignoring them too. A shell has what it runs
///   in the background ignore QUIT regardless; TERM ends it until it installs its handlers, and QUIT does afterwards.
/// - The guard is read before `wait`, so that the process id of a dead server is not given to another until then.
/// - A postmaster that was killed leaves its data directory's interlock, a segment of System V shared memory;
///   the seventh line of its pid file names it.
/// - The rename makes way for the next server, which uses the same name, at one stroke.
const WRAPPER: &str = r#"
run=$1
shift
exec 3>&1 >&2
"$@" </dev/null &
server=$!
trap '' HUP INT QUIT TERM
exec 3>&-
if read -r started; then
    : >"$run/open"
else
    kill -TERM "$server"
    kill -QUIT "$server"
fi
exec </dev/null
wait "$server"
pid_file=$run/data/postmaster.pid
if [ -f "$pid_file" ]; then
    for line in 1 2 3 4 5 6 7; do read -r key segment; done <"$pid_file"
    ipcrm -m "$segment"
fi
mv "$run" "$run.gone" && rm -rf "$run.gone"
"#;

/// A server that dies with its starter.
#[derive(Debug)]
pub(super) struct Launch {
    run: RunDirectory,
    wrapper: Child,
    guard: ChildStdin,
    pulse: ChildStdout,
}

impl Launch {
    /// Starts the server in `run`, where its data is; `log` is what [`RunDirectory::create`] returned.
    pub(super) fn begin(
        run: &RunDirectory,
        log: File,
        binaries: &Binaries,
        owner: &Owner,
    ) -> Result<Launch, ProvisionError> {
        let shell = Path::new("/bin/sh");
        let mut command = process::command(shell, owner);
        command
            .args(["-c", WRAPPER, "aiodal"])
            .arg(run.path())
            .arg(binaries.postgres());
        command.arg("-D").arg(run.data());
        for setting in settings(binaries.version.major, run.path()) {
            command.arg("-c").arg(setting);
        }
        let failed = |source| ProvisionError::program(shell, &owner.name, source);
        let spawned = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn();
        let mut wrapper = spawned.map_err(failed)?;
        let guard = wrapper.stdin.take().expect("its standard input is a pipe");
        let pulse = wrapper
            .stdout
            .take()
            .expect("its standard output is a pipe");
        Ok(Launch {
            run: run.clone(),
            wrapper,
            guard,
            pulse,
        })
    }

    /// Waits until the server serves. Its socket is tried at short intervals: `pg_ctl -w` sleeps for 100 ms at a time.
    pub(super) async fn first_connection(&mut self) -> Result<Connection, ProvisionError> {
        let begun = Instant::now();
        loop {
            let dead = !self.has_pulse();
            match connect(&self.run).await {
                Ok(connection) => return Ok(connection),
                Err(Refusal::Silent) => {
                    return Err(self.not_started(format!("no answer in {PATIENCE:?}")));
                }
                Err(Refusal::Refused(error)) => {
                    return Err(ProvisionError::server("connect to", self.run.path())(error));
                }
                Err(Refusal::NotServing(_)) if dead => {
                    return Err(self.not_started("it ended at once".to_owned()));
                }
                Err(Refusal::NotServing(error)) if begun.elapsed() >= START => {
                    return Err(self.not_started(format!("{error} for {START:?}")));
                }
                Err(Refusal::NotServing(_)) => sleep(Duration::from_millis(1)).await,
            }
        }
    }

    /// Lets the server outlive us: for when its reaper runs.
    pub(super) async fn release(mut self) -> Result<(), ProvisionError> {
        let lost = |launch: &Launch| launch.not_started("its wrapper has ended".to_owned());
        if self.guard.write_all(b"started\n").is_err() {
            return Err(lost(&self));
        }
        let begun = Instant::now();
        while !self.run.is_open() {
            if matches!(self.wrapper.try_wait(), Ok(Some(_))) || begun.elapsed() >= WRAPPER_PATIENCE
            {
                return Err(lost(&self));
            }
            sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    /// Ends the server, and returns when nothing is left of it, or a while after.
    pub(super) async fn abort(self) {
        let Launch {
            run: _,
            mut wrapper,
            guard,
            pulse,
        } = self;
        drop((guard, pulse));
        let begun = Instant::now();
        while matches!(wrapper.try_wait(), Ok(None)) && begun.elapsed() < WRAPPER_PATIENCE {
            sleep(Duration::from_millis(1)).await;
        }
    }

    fn has_pulse(&self) -> bool {
        let mut pulse = [PollFd::new(self.pulse.as_fd(), PollFlags::POLLIN)];
        // An interrupted call says nothing, and is made again in a millisecond.
        !matches!(poll(&mut pulse, PollTimeout::ZERO), Ok(1))
    }

    fn not_started(&self, problem: String) -> ProvisionError {
        ProvisionError::not_started(self.run.path(), problem, self.run.log_tail())
    }
}

/// The server's settings, each as the documentation of PostgreSQL spells it.
///
/// Nothing survives a crash and nothing needs to: that makes DDL and COMMIT several times faster.
fn settings(major: u32, directory: &Path) -> Vec<String> {
    let directory = directory.display().to_string().replace('"', "\"\"");
    let mut settings = vec![
        "listen_addresses=".to_owned(),
        format!("unix_socket_directories=\"{directory}\""),
        "unix_socket_permissions=0700".to_owned(),
        format!("port={PORT}"),
    ];
    let fixed = [
        "cluster_name=aiodal",
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
        "wal_level=minimal",
        "max_wal_senders=0",
        "autovacuum=off",
        "max_connections=200",
        "max_locks_per_transaction=256",
        "max_parallel_workers_per_gather=0",
        "jit=off",
        "timezone=UTC",
        "log_timezone=UTC",
        // The log is read when a server does not start. The errors that tests provoke would only fill the memory it is in.
        "log_min_messages=log",
        "log_checkpoints=off",
        // A restart after the crash of a backend would have no reaper.
        "restart_after_crash=off",
        // The POSIX kind leaves files in /dev/shm after kill -9; this kind goes with the directory.
        "dynamic_shared_memory_type=mmap",
    ];
    settings.extend(fixed.map(str::to_owned));
    // Ends the statements of clients that were killed. Before 15, PostgreSQL can only tell on Linux.
    if major >= 15 || cfg!(target_os = "linux") {
        settings.push("client_connection_check_interval=1s".to_owned());
    }
    settings
}
