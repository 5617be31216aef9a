//! What a command says: both of its streams, in one file that nobody else sees.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};

/// How much of its end is shown.
const SHOWN: u64 = 8 * 1024;

/// Gives each file of a process a name of its own.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// A file rather than a pipe: nobody has to read it meanwhile, and a process that the command leaves behind holds up
/// nothing.
pub(super) struct Transcript(File);

impl Transcript {
    /// # Errors
    ///
    /// The directory for temporary files takes none.
    pub(super) fn new() -> io::Result<Transcript> {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("aiodal-migration-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        fs::remove_file(path)?;
        Ok(Transcript(file))
    }

    /// Returns a handle that a command can write to.
    ///
    /// # Errors
    ///
    /// The process has no file descriptor left.
    pub(super) fn stdio(&self) -> io::Result<Stdio> {
        Ok(self.0.try_clone()?.into())
    }

    /// Returns the last lines that were written.
    ///
    /// # Errors
    ///
    /// The file can't be read.
    pub(super) fn end(&mut self) -> io::Result<String> {
        let length = self.0.seek(SeekFrom::End(0))?;
        self.0.seek(SeekFrom::Start(length.saturating_sub(SHOWN)))?;
        let mut bytes = Vec::new();
        Read::by_ref(&mut self.0)
            .take(SHOWN)
            .read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes);
        if length <= SHOWN {
            return Ok(text.trim_end().to_owned());
        }
        let whole = text.split_once('\n').map_or(&*text, |(_, rest)| rest);
        Ok(format!("…\n{}", whole.trim_end()))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn both_streams_come_in_their_order() {
        let mut transcript = Transcript::new().unwrap();
        let mut command = std::process::Command::new("sh");
        command.args(["-c", "echo one; echo two >&2; echo three"]);
        command
            .stdout(transcript.stdio().unwrap())
            .stderr(transcript.stdio().unwrap());
        assert!(command.status().unwrap().success());
        assert_eq!(transcript.end().unwrap(), "one\ntwo\nthree");
    }

    #[test]
    fn only_the_end_of_much_is_shown() {
        let mut transcript = Transcript::new().unwrap();
        for number in 0..10_000 {
            writeln!(transcript.0, "line {number}").unwrap();
        }
        let end = transcript.end().unwrap();
        assert!(end.starts_with("…\nline ") && end.ends_with("\nline 9999"));
        assert!(end.len() as u64 <= SHOWN + "…\n".len() as u64);
    }
}
