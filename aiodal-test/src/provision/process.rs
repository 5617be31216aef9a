//! How programs of PostgreSQL are run: as the owner, in a clean environment, never for ever.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::owner::Owner;

/// What the programs may know of our environment.
///
/// The server outlives the test that starts it and, for root, runs as somebody else:
/// the test's variables, secrets among them, are not its business. These find the programs and their libraries.
const KEPT: [&str; 5] = [
    "PATH",
    "HOME",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "DYLD_FALLBACK_LIBRARY_PATH",
];

/// A command that runs `program` as `owner`.
///
/// The working directory is `/`, since the owner may not be able to enter ours.
pub(super) fn command(program: &Path, owner: &Owner) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir("/")
        .env_clear()
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .stdin(Stdio::null());
    for name in KEPT {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    // Neither a Ctrl-C nor a test runner that kills a test with its process group is meant for these.
    command.process_group(0);
    owner.run(&mut command);
    command
}

/// Runs `command` to its end; one that outlasts `limit` is killed, with an error of kind `TimedOut`.
///
/// For programs that say little: more than a pipe holds blocks them until the limit.
pub(super) async fn output(mut command: Command, limit: Duration) -> io::Result<Output> {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let begun = Instant::now();
    while child.try_wait()?.is_none() {
        if begun.elapsed() >= limit {
            child.kill()?;
            child.wait()?;
            let problem = format!("it took longer than {} s", limit.as_secs_f32());
            return Err(io::Error::new(io::ErrorKind::TimedOut, problem));
        }
        sleep(Duration::from_millis(1)).await;
    }
    child.wait_with_output()
}
