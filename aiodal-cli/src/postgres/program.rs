//! Package managers, as programs that are asked.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::failure::Failure;

/// Finds a program on the PATH.
pub(super) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|directory| directory.join(name))
        .find(|program| program.is_file())
}

/// Runs a program to its end and returns what it said on standard output.
///
/// It may take as long as its download does: whoever watches can end it.
pub(super) fn output<A: AsRef<OsStr>>(
    program: &PathBuf,
    arguments: &[A],
) -> Result<String, Failure> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    let shown = || {
        let words = arguments
            .iter()
            .map(|argument| argument.as_ref().to_string_lossy());
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        std::iter::once(name)
            .chain(words)
            .collect::<Vec<_>>()
            .join(" ")
    };
    let output = command
        .output()
        .map_err(|error| Failure::caused(format!("failed to run {}", program.display()), &error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<_> = said.trim().lines().collect();
    let last = &lines[lines.len().saturating_sub(8)..];
    Err(Failure::new(
        format!("`{}` failed ({})", shown(), output.status),
        last.join("\n"),
    ))
}
