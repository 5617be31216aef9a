//! A process that measures when it is told to, so that several can take turns and stay warm.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::{Result, interrupt};

/// Reads what to measure, a line each, and answers with milliseconds.
#[derive(Debug)]
pub(super) struct Contestant {
    child: Child,
    words: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Contestant {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// The program is not there or cannot be run.
    pub(super) fn start(command: &mut Command) -> Result<Contestant> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let spawned = command.spawn();
        let mut child = spawned.map_err(|error| {
            let program = command.get_program().to_string_lossy();
            format!("failed to run {program}: {error}")
        })?;
        let words = child.stdin.take();
        let answers = child
            .stdout
            .take()
            .ok_or("a contestant's output is piped")?;
        Ok(Contestant {
            child,
            words,
            answers: BufReader::new(answers),
        })
    }

    /// Has it measure something, in milliseconds.
    ///
    /// # Errors
    ///
    /// It ended instead of answering; it has said why on standard error.
    pub(super) fn measure(&mut self, what: &str) -> Result<f64> {
        if let Some(words) = &mut self.words {
            writeln!(words, "{what}").and_then(|()| words.flush())?;
        }
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        interrupt::check()?;
        let told = answer.trim().parse();
        Ok(told.map_err(|_| format!("a contestant measured no `{what}`: see above"))?)
    }
}

impl Drop for Contestant {
    fn drop(&mut self) {
        // It ends with its input.
        drop(self.words.take());
        let _gone = self.child.wait();
    }
}
