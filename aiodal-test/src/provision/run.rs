//! The directory of one running server: its data, its socket, its log.
//!
//! Its log doubles as the sign of life. The starter takes an advisory lock on it and hands the open file to the
//! server's processes as their standard error, so the lock is free exactly when the last of them has ended,
//! whatever ended it. Process ids are trusted nowhere: they are reused, and mean nothing in another container.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::error::ProvisionError;
use super::owner::Owner;

/// PostgreSQL names its socket after the port. Nobody else listens in this directory.
pub(super) const PORT: u16 = 5432;

/// What `sockaddr_un` holds, less the final NUL.
const LONGEST_SOCKET: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// What the wrapper appends to the name of a directory before it removes it.
pub(super) const GOING: &str = ".gone";

/// How much of the log an error shows.
const TAIL_LINES: usize = 12;
const TAIL_BYTES: u64 = 8 << 10;

/// The directory of one running server.
#[derive(Clone, Debug)]
pub(super) struct RunDirectory {
    path: PathBuf,
}

impl RunDirectory {
    pub(super) fn at(path: PathBuf) -> RunDirectory {
        RunDirectory { path }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    fn socket(&self) -> PathBuf {
        self.path.join(format!(".s.PGSQL.{PORT}"))
    }

    fn log(&self) -> PathBuf {
        self.path.join("log")
    }

    /// Says whether the path of the socket is too long for one.
    pub(super) fn fits(&self) -> Result<(), String> {
        let length = self.socket().as_os_str().len();
        if length > LONGEST_SOCKET {
            return Err(format!(
                "the path of a socket in it takes {length} bytes of {LONGEST_SOCKET}"
            ));
        }
        Ok(())
    }

    /// Makes the directory and its log, which comes back locked: see the module's documentation.
    pub(super) fn create(&self, owner: &Owner) -> Result<File, ProvisionError> {
        DirBuilder::new()
            .mode(0o700)
            .create(&self.path)
            .map_err(ProvisionError::file("create", &self.path))?;
        // Named when it is locked, so that nobody ever sees the log of a living server unlocked.
        let draft = self.path.join("log.new");
        let log = OpenOptions::new()
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)
            .map_err(ProvisionError::file("create", &draft))?;
        log.try_lock()
            .map_err(io::Error::from)
            .map_err(ProvisionError::file("lock", &draft))?;
        owner.give(&draft)?;
        fs::rename(&draft, self.log()).map_err(ProvisionError::file("rename", &draft))?;
        owner.give(&self.path)?;
        Ok(log)
    }

    /// Says whether all processes of the server have ended, its starter included.
    ///
    /// `None` if there is no log to tell by: its starter is about to make it, or died before.
    pub(super) fn is_deserted(&self) -> Option<bool> {
        let log = match File::open(self.log()) {
            Ok(log) => log,
            Err(error) => return (error.kind() != io::ErrorKind::NotFound).then_some(false),
        };
        // A file system that is shared with another machine may not share its locks.
        Some(log.try_lock().is_ok() && UnixStream::connect(self.socket()).is_err())
    }

    /// Says whether a wrapper has begun to remove the directory.
    pub(super) fn is_going(&self) -> bool {
        self.path.to_string_lossy().ends_with(GOING)
    }

    /// Removes what a server left that could not do so itself.
    pub(super) fn remove(&self) -> Result<(), ProvisionError> {
        self.remove_interlock();
        match fs::remove_dir_all(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(ProvisionError::file("remove", &self.path)(error))
            }
            _ => Ok(()),
        }
    }

    /// Removes the segment of System V shared memory by which a killed postmaster kept others off its data directory.
    ///
    /// Its key is on the seventh line of the pid file, which a postmaster that ends otherwise takes with it.
    /// PostgreSQL gives no key to two directories; the number beside it may mean another segment after a reboot.
    fn remove_interlock(&self) {
        let text = fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        let key = text
            .lines()
            .nth(6)
            .and_then(|line| line.split_whitespace().next());
        let Some(key) = key.filter(|key| key.parse::<u32>().is_ok()) else {
            return;
        };
        let mut command = Command::new("ipcrm");
        command
            .args(["-M", key])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // 56 bytes that nobody will miss.
        let _left = command.status();
    }

    /// Says whether the server outlives its starter by now: the wrapper has made its mark.
    pub(super) fn is_open(&self) -> bool {
        self.path.join("open").exists()
    }

    /// Writes down what the server is, for those who join it.
    pub(super) fn write_version(&self, version: &str) -> Result<(), ProvisionError> {
        let path = self.path.join("version");
        fs::write(&path, format!("{version}\n")).map_err(ProvisionError::file("write", &path))
    }

    /// What the starter wrote; `None` if it has not come that far or the server is going.
    pub(super) fn version(&self) -> Option<String> {
        let text = fs::read_to_string(self.path.join("version")).ok()?;
        text.strip_suffix('\n').map(str::to_owned)
    }

    /// The last lines of the server's log.
    pub(super) fn log_tail(&self) -> String {
        let read = || -> io::Result<String> {
            let mut log = File::open(self.log())?;
            let length = log.metadata()?.len();
            log.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
            let mut bytes = Vec::new();
            log.read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        let text = read().unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_path_that_no_socket_can_have_is_refused() {
        let socket = "/.s.PGSQL.5432".len();
        let fits =
            |length: usize| RunDirectory::at(format!("/{}", "x".repeat(length - 1)).into()).fits();
        fits(LONGEST_SOCKET - socket).unwrap();
        let problem = fits(LONGEST_SOCKET - socket + 1).unwrap_err();
        assert!(
            problem.contains(&format!("{} bytes", LONGEST_SOCKET + 1)),
            "{problem}"
        );
    }
}
