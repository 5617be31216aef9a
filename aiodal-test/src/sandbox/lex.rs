//! What the statements of a query string mean to a sandbox: which control the transaction, and which change the
//! session that all clients share.
//!
//! It is pure, and knows no more of the grammar than it has to. A statement that it does not understand, for one
//! because the statement is wrong, is [`Verb::Other`]: the server takes it, or says what is wrong with it.

mod cursor;
mod definition;
mod literal;
mod notification;
mod parser;
mod pieces;
mod prepared;
mod process;
mod reserved;
mod setting;
#[cfg(test)]
mod tests;
mod transaction;

use std::borrow::Cow;

pub(crate) use self::pieces::{filled_by_execute, pieces};
pub(crate) use self::setting::calls;

/// A statement of a query string: `text[start..end]`, without the semicolon, and without the blanks and comments
/// around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece<'a> {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) verb: Verb<'a>,
}

/// What a statement means to the sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verb<'a> {
    /// `BEGIN`, or `START TRANSACTION` if `start`: the server answers with the words it was given.
    Begin {
        start: bool,
        modes: Modes,
    },
    /// `COMMIT` and `END`; `chain` is `AND CHAIN`.
    Commit {
        chain: bool,
    },
    /// `ROLLBACK` and `ABORT`, but not to a savepoint.
    Rollback {
        chain: bool,
    },
    /// `PREPARE TRANSACTION`, `COMMIT PREPARED` and `ROLLBACK PREPARED`.
    TwoPhase,
    Savepoint(Name<'a>),
    Release(Name<'a>),
    RollbackTo(Name<'a>),
    /// `SET [LOCAL] TRANSACTION`, and `SET transaction_isolation` and its like: then `by_name` is given, whether with `LOCAL`.
    SetTransaction {
        modes: Modes,
        by_name: Option<bool>,
    },
    /// `SET SESSION CHARACTERISTICS AS TRANSACTION`.
    SetCharacteristics(Modes),
    /// Any other `SET`. `name` is in lower case and as `RESET` takes it; `is_default` also for the words that come to
    /// the same, as in `SET ROLE NONE`.
    Set {
        local: bool,
        name: Cow<'a, str>,
        is_default: bool,
    },
    /// `all` is given for ALL of them: whether they are to be deferred.
    SetConstraints {
        all: Option<bool>,
    },
    /// `None` is `RESET ALL`.
    Reset(Option<Cow<'a, str>>),
    /// `SELECT set_config('literal', .., true)` and nothing else; `name` is in lower case.
    SetConfig {
        local: bool,
        name: String,
    },
    /// `SELECT pg_backend_pid()` and nothing else but a name for the column, if `is_named`; `start..end` is the call.
    Process {
        start: usize,
        end: usize,
        is_named: bool,
    },
    Prepare(Name<'a>),
    /// Also within `EXPLAIN` and `CREATE TABLE .. AS`.
    Execute(Name<'a>),
    /// `None` is `DEALLOCATE ALL`.
    Deallocate(Option<Name<'a>>),
    Discard(Discarded),
    /// `hold` is `WITH HOLD`.
    Declare {
        name: Name<'a>,
        hold: bool,
    },
    /// `None` is `CLOSE ALL`.
    CloseCursor(Option<Name<'a>>),
    Listen(Name<'a>),
    /// `None` is `UNLISTEN *`.
    Unlisten(Option<Name<'a>>),
    /// `payload` is what the literal stands for.
    Notify {
        channel: Name<'a>,
        payload: Option<String>,
    },
    Lock,
    Copy,
    Call,
    Do,
    /// A temporary table, view, sequence or type, of `SELECT INTO` too; of a qualified name, the last part.
    CreateTemp {
        name: Name<'a>,
        on_commit: OnCommit,
        /// One that is there already stays as it is.
        if_not_exists: bool,
    },
    /// `DROP` of what may be temporary: the names without a schema, or of the temporary one, and of each the last part.
    Drop(Vec<Name<'a>>),
    /// What no transaction can run, for a message.
    NeedsNoTransaction(&'static str),
    /// `deferrable` says that the word `DEFERRABLE` is in it: constraints may have come or gone.
    Other {
        deferrable: bool,
    },
}

/// An identifier: where it stands in the query string, and what the server reads.
///
/// `text` is in lower case unless it was quoted. The escapes of `U&".."` are left in it, and it is not cut to the
/// length of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name<'a> {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) text: Cow<'a, str>,
}

/// The modes of a transaction, where they are given.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Modes {
    pub(crate) isolation: Option<Isolation>,
    pub(crate) read_only: Option<bool>,
    pub(crate) deferrable: Option<bool>,
    /// `SET TRANSACTION SNAPSHOT`.
    pub(crate) snapshot: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Isolation {
    ReadUncommitted,
    ReadCommitted,
    RepeatableRead,
    Serializable,
}

impl Modes {
    /// Returns others, and these where those say nothing.
    pub(crate) fn merged(self, over: Modes) -> Modes {
        Modes {
            isolation: over.isolation.or(self.isolation),
            read_only: over.read_only.or(self.read_only),
            deferrable: over.deferrable.or(self.deferrable),
            snapshot: over.snapshot,
        }
    }

    /// Returns modes with one by the name that its setting ends with.
    pub(crate) fn with(mut self, mode: &str, value: &str) -> Option<Modes> {
        let switch = || match value {
            "on" | "true" | "yes" | "1" => Some(true),
            "off" | "false" | "no" | "0" => Some(false),
            _ => None,
        };
        match mode {
            "isolation" => self.isolation = Some(Isolation::of(value)?),
            "read_only" => self.read_only = Some(switch()?),
            "deferrable" => self.deferrable = Some(switch()?),
            _ => return None,
        }
        Some(self)
    }
}

impl Isolation {
    /// Reads what a setting has.
    pub(crate) fn of(value: &str) -> Option<Isolation> {
        let levels = [
            Isolation::ReadUncommitted,
            Isolation::ReadCommitted,
            Isolation::RepeatableRead,
            Isolation::Serializable,
        ];
        levels.into_iter().find(|level| level.name() == value)
    }

    /// As a setting has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Isolation::ReadUncommitted => "read uncommitted",
            Isolation::ReadCommitted => "read committed",
            Isolation::RepeatableRead => "repeatable read",
            Isolation::Serializable => "serializable",
        }
    }
}

/// What `DISCARD` discards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Discarded {
    All,
    Plans,
    Sequences,
    Temp,
}

/// What a commit does to a temporary table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnCommit {
    Preserve,
    Delete,
    Drop,
}
