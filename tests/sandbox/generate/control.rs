//! What begins and ends transactions, and parts of them.

use super::text::one_of;
use crate::random::Random;

pub(super) fn begin(random: &mut Random) -> String {
    let plain = random.chance(1, 2);
    one_of(random, if plain { &["begin"] } else { BEGIN })
}

pub(super) fn end(random: &mut Random) -> String {
    let plain = random.chance(2, 3);
    one_of(random, if plain { &["commit", "rollback"] } else { END })
}

pub(super) fn savepoint(random: &mut Random) -> String {
    one_of(
        random,
        &[
            "savepoint s",
            "savepoint t",
            "SAVEPOINT \"S t\"",
            "savepoint s",
        ],
    )
}

/// Ends a savepoint, if it is there.
pub(super) fn settle(random: &mut Random) -> String {
    one_of(random, SETTLE)
}

pub(super) fn any(random: &mut Random) -> String {
    match random.below(9) {
        0..3 => begin(random),
        3..6 => end(random),
        6 => savepoint(random),
        7 => settle(random),
        _ => one_of(random, MODES),
    }
}

const BEGIN: &[&str] = &[
    "begin work",
    "BEGIN TRANSACTION",
    "start transaction",
    "begin read only",
    "begin read write",
    "start transaction read only",
    "begin transaction not deferrable",
    "begin isolation level read committed",
    "begin isolation level repeatable read",
    "begin transaction isolation level read committed, read only",
    "begin nonsense",
];

const END: &[&str] = &[
    "end",
    "commit work",
    "commit transaction",
    "commit and chain",
    "commit and no chain",
    "end and chain",
    "abort",
    "rollback work",
    "rollback and chain",
    "rollback and no chain",
    "abort transaction and chain",
    "commit nonsense",
];

const SETTLE: &[&str] = &[
    "release s",
    "release savepoint t",
    "release savepoint \"S t\"",
    "rollback to s",
    "rollback to savepoint t",
    "rollback work to s",
    "rollback transaction to savepoint s",
    "rollback to \"S t\"",
    "release nowhere",
    "rollback to nowhere",
];

const MODES: &[&str] = &[
    "set transaction read only",
    "set transaction read write",
    "set local transaction_read_only = on",
    "set transaction isolation level read committed",
    "set transaction isolation level serializable",
    "set transaction isolation level serializable, deferrable",
    "set transaction_isolation = 'repeatable read'",
    "set local transaction_isolation = 'nonsense'",
    "set transaction_read_only = on",
    "set transaction_read_only to off",
    "set transaction_deferrable = off",
    "set constraints all immediate",
    "set constraints all deferred",
    "set constraints review_book_fkey immediate",
    "set constraints review_book_fkey, shelf_place_key deferred",
    "set constraints nowhere deferred",
    "set constraints author_name_key deferred",
    "show transaction_read_only",
    "show transaction_isolation",
];
