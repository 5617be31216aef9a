//! The lock under which servers are started.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::error::ProvisionError;

const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(8);

/// Orders the processes of one user that start, sweep and mend servers, until it is dropped or its holder dies.
///
/// It does not guard the servers themselves: whoever finds one that serves attaches without a lock.
/// Its file stays for ever, because a lock whose file can be removed is two locks.
#[derive(Debug)]
pub(super) struct StartLock {
    _file: File,
}

impl StartLock {
    /// Takes the lock, or says who has held it for longer than `limit`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives the attempt up; nothing is held.
    pub(super) async fn take(path: &Path, limit: Duration) -> Result<StartLock, ProvisionError> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(ProvisionError::file("open", path))?;
        let begun = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(source)) => {
                    return Err(ProvisionError::file("lock", path)(source));
                }
                Err(TryLockError::WouldBlock) if begun.elapsed() >= limit => {
                    return Err(ProvisionError::lock(
                        path,
                        begun.elapsed(),
                        holder(&mut file),
                    ));
                }
                Err(TryLockError::WouldBlock) => sleep(pause).await,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        // Only the error of whoever waits too long reads it, so a full disk must not matter.
        let _unsigned = sign(&mut file);
        Ok(StartLock { _file: file })
    }
}

fn sign(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    let program = std::env::current_exe().unwrap_or_default();
    write!(
        file,
        "process {} ({})",
        std::process::id(),
        program.display()
    )
}

fn holder(file: &mut File) -> Option<String> {
    let mut text = String::new();
    file.rewind()
        .and_then(|()| file.read_to_string(&mut text))
        .ok()?;
    Some(text).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_lock_is_waited_for_within_bounds_and_its_holder_named() {
        let path = std::env::temp_dir().join(format!("aiodal-test-lock-{}", std::process::id()));
        let take = |limit| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()
                .unwrap();
            runtime.block_on(StartLock::take(&path, limit))
        };
        let held = take(Duration::ZERO).unwrap();
        let refused = take(Duration::from_millis(20)).unwrap_err().to_string();
        assert!(
            refused.contains(&format!("process {}", std::process::id())),
            "{refused}"
        );
        assert!(refused.contains(&*path.to_string_lossy()), "{refused}");

        drop(held);
        take(Duration::ZERO).unwrap();
        std::fs::remove_file(&path).unwrap();
    }
}
