//! Differences between a sandbox and a database that are meant or known, each as narrow as it can be told.

use crate::message::Message;
use crate::reply::Reply;
use crate::run::Answer;

/// What follows from a difference that is known.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Then {
    /// Nothing: all the rest is compared.
    GoOn,
    /// The two are in two states, and the rest says nothing.
    Stop,
}

struct Explained {
    /// Why it can't be as in a database.
    #[expect(dead_code, reason = "it is for who reads the list")]
    reason: &'static str,
    applies: fn(&Answer, &Answer) -> bool,
    then: Then,
}

const EXPLAINED: &[Explained] = &[
    Explained {
        reason: "statements and portals have names on the server that begin with the client's number",
        applies: differ_in_names,
        then: Then::GoOn,
    },
    Explained {
        reason: "a string with control in it is run statement by statement: a mistake in a later one is found later",
        applies: |database, _| is_query_of_several(database) && fails_with(database, "42601"),
        then: Then::Stop,
    },
    Explained {
        reason: "a string with control in it is read statement by statement: what a literal is may have been set in it",
        applies: |database, sandbox| {
            let has_warned = sandbox
                .replies
                .iter()
                .any(|reply| reply.field('C') == Some("22P06"));
            is_query_of_several(database)
                && says(database, "set standard_conforming_strings")
                && has_warned
        },
        then: Then::Stop,
    },
    Explained {
        reason: "temporary tables are everybody's: there is one session",
        applies: |database, sandbox| says(database, "temp") && fails_with(sandbox, "42P07"),
        then: Then::Stop,
    },
    Explained {
        reason: "the settings of an arrival are applied with the first statement: until then nobody has to wait",
        applies: |database, _| {
            let refused = ["22023", "42704"]
                .iter()
                .any(|code| fails_with(database, code));
            is_arrival(database) && refused
        },
        then: Then::Stop,
    },
    Explained {
        reason: "the server knows the connection by the name of the test",
        applies: |database, _| runs(database, "application_name"),
        then: Then::GoOn,
    },
    Explained {
        reason: "an error of the sandbox's own comes before the server looks at the statement",
        applies: |database, sandbox| {
            fails_with(database, "42601") && fails_with(sandbox, "25P01")
                || has_failed(database) && fails_with(sandbox, "25P02")
        },
        then: Then::GoOn,
    },
    Explained {
        reason: "a portal of control is not on the server: nobody warns that it is left open",
        applies: |database, sandbox| {
            let mut database = database.clone();
            let warned = |reply: &Reply| reply.field('C') == Some("01000");
            database.replies.retain(|reply| !warned(reply));
            database == *sandbox
        },
        then: Then::GoOn,
    },
    Explained {
        reason: "the server doesn't know who listens",
        applies: |database, _| runs(database, "pg_listening_channels"),
        then: Then::GoOn,
    },
    Explained {
        reason: "EXECUTE of itself",
        applies: |database, _| fails_with(database, "54001"),
        then: Then::GoOn,
    },
    Explained {
        reason: "what was prepared as control is not on the server, which would find another mistake first",
        applies: |database, sandbox| {
            has_failed(database)
                && ["42P03", "42P05"]
                    .iter()
                    .any(|code| fails_with(sandbox, code))
        },
        then: Then::GoOn,
    },
    Explained {
        reason: "a setting of an extension's is known to a session from its first SET on, and there is one session",
        applies: |database, _| {
            let is_null =
                |reply: &Reply| reply.tag == b'D' && reply.parts.iter().any(|part| part == "NULL");
            let is_unknown = fails_with(database, "42704") || database.replies.iter().any(is_null);
            runs(database, "my.own") && is_unknown
        },
        then: Then::Stop,
    },
    Explained {
        reason: "a null sets back to what the connection began with, which is not what the client began with",
        applies: |database, _| {
            let gives_null = database.asked.iter().any(
                |message| matches!(message, Message::Bind { values, .. } if values.contains(&None)),
            );
            gives_null && runs(database, "set_config('work_mem', $1")
        },
        then: Then::Stop,
    },
    Explained {
        reason: "who may not even name a constraint has it checked by somebody who may see what is wrong",
        applies: |database, sandbox| {
            let mut both = [database.clone(), sandbox.clone()];
            let errors = both.iter_mut().flat_map(|answer| &mut answer.replies);
            for error in errors.filter(|reply| reply.field('C') == Some("23503")) {
                error.parts.retain(|part| !part.starts_with("D=Key"));
            }
            both[0] == both[1]
        },
        then: Then::GoOn,
    },
    Explained {
        reason: "the temporary tables of others stay, so that those of the client are dropped one by one",
        applies: |database, sandbox| {
            let discards = ["discard temp", "discard all"];
            discards.iter().any(|words| runs(database, words))
                && !has_failed(database)
                && fails_with(sandbox, "25006")
        },
        then: Then::Stop,
    },
    Explained {
        reason: "the session has temporary tables before the client has some",
        applies: |database, sandbox| fails_with(database, "3F000") && has_failed(sandbox),
        then: Then::GoOn,
    },
    Explained {
        reason: "a cursor is declared before it is said that it can't be",
        applies: |database, sandbox| fails_with(database, "25P01") && fails_with(sandbox, "42P03"),
        then: Then::GoOn,
    },
    Explained {
        reason: "two-phase commit takes a database",
        applies: |database, sandbox| has_failed(database) && fails_with(sandbox, "0A000"),
        then: Then::GoOn,
    },
    Explained {
        reason: "a client that goes in the middle of a COPY is told nothing",
        applies: |database, sandbox| {
            let took_data = |answer: &Answer| answer.replies.iter().any(|reply| reply.tag == b'G');
            let is_closed = sandbox
                .replies
                .last()
                .is_some_and(|last| last.tag == Reply::CLOSED);
            took_data(database) && took_data(sandbox) && is_closed
        },
        then: Then::Stop,
    },
    Explained {
        reason: "what is prepared as control is looked at when it runs",
        applies: |database, sandbox| {
            let makes = ["declare", "prepare"]
                .iter()
                .any(|word| says(database, word));
            let looked_at = |answer: &Answer| {
                answer
                    .replies
                    .iter()
                    .take_while(|reply| reply.tag != Reply::ERROR)
                    .count()
            };
            makes && has_failed(database) && looked_at(database) < looked_at(sandbox)
        },
        then: Then::Stop,
    },
    Explained {
        reason: "SQL doesn't find the portals of the protocol",
        applies: |database, sandbox| fails_with(sandbox, "34000") && !fails_with(database, "34000"),
        then: Then::Stop,
    },
    Explained {
        reason: "the server's transaction goes on, and its cursors with it",
        applies: |database, sandbox| {
            says(database, "current of")
                && fails_with(database, "24000")
                && fails_with(sandbox, "24000")
        },
        then: Then::GoOn,
    },
    Explained {
        reason: "PostgreSQL should not do that itself",
        applies: |database, _| fails_with(database, "XX000"),
        then: Then::Stop,
    },
    Explained {
        reason: "a statement's name is looked up before the server sees what it is for",
        applies: |database, sandbox| {
            fails_with(sandbox, "26000") && (has_failed(database) || says(database, "execute"))
        },
        then: Then::Stop,
    },
    Explained {
        reason: "a position in what PREPARE has prepared is behind a longer name",
        applies: |database, sandbox| {
            let mut both = [database.clone(), sandbox.clone()];
            let errors = both.iter_mut().flat_map(|answer| &mut answer.replies);
            for error in errors.filter(|reply| reply.tag == Reply::ERROR) {
                error.parts.retain(|part| !part.starts_with("P="));
            }
            let by_name = sql(database).next().is_none() || says(database, "execute");
            both[0] == both[1] && by_name
        },
        then: Then::GoOn,
    },
    Explained {
        reason: "what only reads has been told to the server with the first statement, be it none that takes a snapshot",
        applies: |database, sandbox| {
            let mut messages = sandbox.replies.iter().filter_map(|reply| reply.field('M'));
            let late = "transaction read-write mode must be set before any query";
            !fails_with(database, "25001") && messages.any(|message| message == late)
        },
        then: Then::Stop,
    },
    Explained {
        reason: "isolation levels are accepted, and the one that is shown is the test's",
        applies: |database, sandbox| {
            let shows = "show transaction_isolation";
            runs(database, shows) && !has_failed(database) && !has_failed(sandbox)
        },
        then: Then::GoOn,
    },
];

/// Looks up a difference; the first answer is the database's.
pub(crate) fn explanation(database: &Answer, sandbox: &Answer) -> Option<Then> {
    if database.asked != sandbox.asked {
        return None;
    }
    let mut explained = EXPLAINED.iter();
    let found = explained.find(|explained| (explained.applies)(database, sandbox));
    found.map(|explained| explained.then)
}

fn differ_in_names(database: &Answer, sandbox: &Answer) -> bool {
    let mut renamed = sandbox.clone();
    for part in renamed
        .replies
        .iter_mut()
        .flat_map(|reply| &mut reply.parts)
    {
        *part = without_prefix(part);
    }
    renamed == *database
}

/// Without the `aiodal_7_` that names begin with.
fn without_prefix(text: &str) -> String {
    let mut pieces = text.split("aiodal_");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let rest = piece.trim_start_matches(|c: char| c.is_ascii_digit());
        out.push_str(rest.strip_prefix('_').unwrap_or(rest));
    }
    out
}

fn is_arrival(answer: &Answer) -> bool {
    matches!(answer.asked[..], [Message::Connect(_)])
}

fn sql(answer: &Answer) -> impl Iterator<Item = &str> {
    answer.asked.iter().filter_map(|message| match message {
        Message::Query(sql) | Message::Parse { sql, .. } => Some(sql.as_str()),
        _ => None,
    })
}

fn says(answer: &Answer, words: &str) -> bool {
    sql(answer).any(|sql| sql.to_lowercase().contains(words))
}

/// The same also of what was asked for by a name alone.
fn runs(answer: &Answer, words: &str) -> bool {
    let mut named = answer.named.iter();
    says(answer, words) || named.any(|sql| sql.to_lowercase().contains(words))
}

fn is_query_of_several(answer: &Answer) -> bool {
    sql(answer).any(|sql| sql.contains(';'))
}

fn has_failed(answer: &Answer) -> bool {
    answer.replies.iter().any(|reply| reply.tag == Reply::ERROR)
}

fn fails_with(answer: &Answer, code: &str) -> bool {
    let mut errors = answer
        .replies
        .iter()
        .filter(|reply| reply.tag == Reply::ERROR);
    errors.any(|error| error.field('C') == Some(code))
}
