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
        reason: "PostgreSQL should not do that itself",
        applies: |database, _| fails_with(database, "XX000"),
        then: Then::Stop,
    },
    Explained {
        reason: "a string with control in it is run statement by statement: a mistake in a later one is found later",
        applies: |database, _| is_query_of_several(database) && fails_with(database, "42601"),
        then: Then::Stop,
    },
    Explained {
        reason: "a string with control in it is read statement by statement: it warns of a later one's literals later, and what a literal is may have been set in it",
        applies: |database, sandbox| {
            let warned = |answer: &Answer| {
                let mut codes = answer.replies.iter().map(|reply| reply.field('C'));
                codes.any(|code| code == Some("22P06"))
            };
            let has_warned = warned(database) || warned(sandbox);
            is_query_of_several(database) && has_warned
        },
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
        reason: "an error of the sandbox's own comes before the server looks at the statement",
        applies: |database, sandbox| fails_with(database, "42601") && fails_with(sandbox, "25P01"),
        then: Then::GoOn,
    },
    Explained {
        reason: "behind what no Sync ends, a Query is part of a transaction block to PostgreSQL 18, which goes on behind it",
        applies: |database, sandbox| {
            let is_query = |message: &Message| matches!(message, Message::Query(_));
            let executes = |message: &Message| matches!(message, Message::Execute { .. });
            let goes_on = database.replies.last().is_some_and(|last| {
                last.tag == Reply::READY && last.parts.iter().any(|status| status != "I")
            });
            let is_over = sandbox.replies.last().is_some_and(|last| {
                last.tag == Reply::READY && last.parts.iter().any(|status| status == "I")
            });
            let begins = runs(database, "begin") || runs(database, "start transaction");
            !begins
                && database.asked.last().is_some_and(is_query)
                && database.asked.iter().any(executes)
                && goes_on
                && is_over
        },
        then: Then::Stop,
    },
    Explained {
        reason: "to PostgreSQL 18 a pipeline is a transaction block from its second Execute on, so that DECLARE may stand there",
        applies: |database, sandbox| {
            let executes = |message: &&Message| matches!(message, Message::Execute { .. });
            let mut messages = messages(sandbox);
            let refused =
                |message: &str| message.ends_with("can only be used in transaction blocks");
            database.asked.iter().filter(executes).count() > 1
                && !fails_with(database, "25P01")
                && messages.any(refused)
        },
        then: Then::Stop,
    },
    Explained {
        reason: "what a pipeline is to DISCARD ALL, PostgreSQL 18 words otherwise",
        applies: |database, sandbox| {
            let refused = |answer: &Answer| fails_with(answer, "25001");
            says(database, "discard all") && refused(database) && refused(sandbox)
        },
        then: Then::GoOn,
    },
    Explained {
        reason: "PostgreSQL loses count of what SAVEPOINT by EXECUTE has begun, and says so",
        applies: |database, _| {
            let mut messages = messages(database);
            messages.any(|message| message.starts_with("AbortSubTransaction while in"))
        },
        then: Then::Stop,
    },
    Explained {
        reason: "BEGIN and COMMIT by EXECUTE count for PostgreSQL from the end of their query or pipeline on, and not if something fails behind them",
        applies: |database, sandbox| {
            let is_of_several = is_query_of_several(database) || database.asked.len() > 1;
            let words = [
                "begin",
                "start transaction",
                "commit",
                "end",
                "rollback",
                "abort",
            ];
            let is_control = |text: &str| {
                let text = text.trim_start().to_lowercase();
                words.iter().any(|word| text.starts_with(word))
            };
            let mut lines = database.named.iter().flat_map(|sql| sql.lines());
            let both = database.replies.iter().zip(&sandbox.replies);
            let mut alike = both.take_while(|(one, other)| one == other);
            lines.any(is_control)
                && says(database, "execute")
                && is_of_several
                && has_failed(database)
                && alike
                    .any(|(one, _)| one.tag == b'C' && one.parts.iter().any(|tag| is_control(tag)))
        },
        then: Then::Stop,
    },
    Explained {
        reason: "the server doesn't know who listens",
        applies: |database, sandbox| {
            let are_rows = |reply: &Reply| match reply.tag {
                b'D' | b's' => true,
                b'C' => reply.parts.iter().any(|tag| tag.starts_with("SELECT ")),
                _ => false,
            };
            let mut both = [database.clone(), sandbox.clone()];
            for answer in &mut both {
                answer.replies.retain(|reply| !are_rows(reply));
            }
            runs(database, "pg_listening_channels") && both[0] == both[1]
        },
        then: Then::GoOn,
    },
    Explained {
        reason: "the portal without a name that has run BEGIN or its like by EXECUTE is gone, and not only done",
        applies: |database, sandbox| {
            let tells = |answer: &Answer, message: &str| {
                let mut messages = messages(answer);
                messages.any(|told| told == message)
            };
            runs(database, "execute")
                && tells(database, "portal \"\" cannot be run")
                && tells(sandbox, "portal \"\" does not exist")
        },
        then: Then::GoOn,
    },
    Explained {
        reason: "EXECUTE of itself",
        applies: |database, _| fails_with(database, "54001"),
        then: Then::GoOn,
    },
    Explained {
        reason: "a setting of an extension's is known to a session from its first SET on, and there is one session",
        applies: |database, _| runs(database, "my.own") && fails_with(database, "42704"),
        then: Then::Stop,
    },
    Explained {
        reason: "the same of one that need not be there: it is empty where nobody has set it any more",
        applies: |database, sandbox| {
            let mut both = [database.clone(), sandbox.clone()];
            let replies = both.iter_mut().flat_map(|answer| &mut answer.replies);
            let parts = replies
                .filter(|reply| reply.tag == b'D')
                .flat_map(|reply| &mut reply.parts);
            for part in parts.filter(|part| *part == "NULL") {
                part.clear();
            }
            runs(database, "my.own") && both[0] == both[1]
        },
        then: Then::GoOn,
    },
    Explained {
        reason: "to explain what is no query, the server says what it has in its place",
        applies: |database, sandbox| {
            let has_no_plan = |reply: &Reply| {
                let mut parts = reply.parts.iter();
                parts.any(|part| part == "Utility statements have no plan structure")
            };
            says(database, "explain")
                && says(database, "execute")
                && !has_failed(database)
                && !has_failed(sandbox)
                && sandbox.replies.iter().any(has_no_plan)
        },
        then: Then::GoOn,
    },
    Explained {
        reason: "a sandbox speaks UTF8 only",
        applies: |database, sandbox| {
            runs(database, "client_encoding") && fails_with(sandbox, "0A000")
        },
        then: Then::Stop,
    },
    Explained {
        reason: "who goes on with something else where data is to come loses a connection, and here the COPY",
        applies: |database, sandbox| {
            let says = |answer: &Answer, start: &str| {
                let mut messages = messages(answer);
                messages.any(|message| message.starts_with(start))
            };
            fails_with(database, "08P01")
                && fails_with(sandbox, "57014")
                && says(database, "unexpected message type")
                && says(sandbox, "COPY from stdin failed: the client has sent")
        },
        then: Then::Stop,
    },
    Explained {
        reason: "a null sets back to what the connection began with, which is not what the client began with",
        applies: |database, _| {
            let gives_null = database.asked.iter().any(
                |message| matches!(message, Message::Bind { values, .. } if values.contains(&None)),
            );
            let sets = |name: &str| runs(database, &format!("set_config('{name}', $1"));
            gives_null && (sets("work_mem") || sets("my.own"))
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
        applies: |database, sandbox| {
            let has_missing = fails_with(database, "3F000") && fails_with(sandbox, "42P01");
            runs(database, "pg_temp.") && has_missing
        },
        then: Then::GoOn,
    },
    Explained {
        reason: "two-phase commit takes a database",
        applies: |database, sandbox| {
            let mut messages = messages(sandbox);
            let refused = "two-phase commit is not possible in a sandbox";
            has_failed(database) && messages.any(|message| message == refused)
        },
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
        reason: "the server's transaction goes on, and its cursors with it",
        applies: |database, sandbox| {
            runs(database, "current of")
                && fails_with(database, "24000")
                && fails_with(sandbox, "24000")
        },
        then: Then::GoOn,
    },
    Explained {
        reason: "the query of a cursor that outlives its transaction runs when it is fetched from, not at its end",
        applies: |database, sandbox| {
            runs(database, "with hold")
                && fails_with(database, "22012")
                && !fails_with(sandbox, "22012")
        },
        then: Then::Stop,
    },
    Explained {
        reason: "SET CONSTRAINTS ALL is of those that there are, not of those that the transaction makes behind it",
        applies: |database, sandbox| {
            let fails = |answer: &Answer| {
                let mut replies = answer.replies.iter();
                replies.any(|reply| reply.field('n') == Some("extra_n_fkey"))
            };
            let is_in_block = |answer: &Answer| {
                let last = answer.replies.last();
                last.is_some_and(|last| last.tag == Reply::READY && last.parts != ["I"])
            };
            let has_table = runs(database, "extra");
            let are_in_block = is_in_block(database) && is_in_block(sandbox);
            has_table && are_in_block && fails(database) != fails(sandbox)
        },
        then: Then::Stop,
    },
    Explained {
        reason: "the foreign key of a row that its own transaction has made is checked even if it stays, and here that is the test's",
        applies: |database, sandbox| {
            let mut messages = messages(sandbox);
            let check = "cannot execute SELECT FOR KEY SHARE in a read-only transaction";
            !fails_with(database, "25006") && messages.any(|message| message == check)
        },
        then: Then::Stop,
    },
    Explained {
        reason: "PL/pgSQL calls a function as it was visible when the session has first run it, and there is one session",
        applies: |database, sandbox| {
            let mut both = [database.clone(), sandbox.clone()];
            let replies = both.iter_mut().flat_map(|answer| &mut answer.replies);
            for part in replies.flat_map(|reply| &mut reply.parts) {
                if part.starts_with("W=") {
                    *part = part.replace("function ground_#.", "function ");
                }
            }
            both[0] == both[1]
        },
        then: Then::GoOn,
    },
    Explained {
        reason: "what only reads has been told to the server with the first statement, be it none that takes a snapshot",
        applies: |database, sandbox| {
            let mut messages = messages(sandbox);
            let late = "transaction read-write mode must be set before any query";
            !fails_with(database, "25001") && messages.any(|message| message == late)
        },
        then: Then::Stop,
    },
    Explained {
        reason: "isolation levels are accepted, and the one that is shown is the test's",
        applies: |database, sandbox| {
            let shows = "show transaction_isolation";
            let failures = |answer: &Answer| {
                let errors = answer
                    .replies
                    .iter()
                    .filter(|reply| reply.tag == Reply::ERROR);
                errors.cloned().collect::<Vec<_>>()
            };
            runs(database, shows) && failures(database) == failures(sandbox)
        },
        then: Then::GoOn,
    },
    Explained {
        reason: "the server knows the connection by the name of the test",
        applies: |database, sandbox| {
            let mut both = [database.clone(), sandbox.clone()];
            for answer in &mut both {
                answer.replies.retain(|reply| reply.tag != b'D');
            }
            runs(database, "application_name") && both[0] == both[1]
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

/// What errors and notices say.
fn messages(answer: &Answer) -> impl Iterator<Item = &str> {
    answer.replies.iter().filter_map(|reply| reply.field('M'))
}

fn fails_with(answer: &Answer, code: &str) -> bool {
    let mut errors = answer
        .replies
        .iter()
        .filter(|reply| reply.tag == Reply::ERROR);
    errors.any(|error| error.field('C') == Some(code))
}
