use super::*;

#[test]
fn begin_and_start_are_told_apart() {
    let modes = Modes::default();
    for sql in [
        "BEGIN",
        "begin/*x*/work",
        "Begin\n--a\ntransaction",
        "begin ;;",
    ] {
        assert_eq!(
            verb(sql),
            Verb::Begin {
                start: false,
                modes
            },
            "{sql}"
        );
    }
    assert_eq!(
        verb("start TRANSACTION"),
        Verb::Begin { start: true, modes }
    );
    assert_other(&[
        "start",
        "start work",
        "begin foo",
        "begin work transaction",
        "begin 'a'",
        "\"begin\"",
        "(begin)",
        "begin $$a$$",
    ]);
}

#[test]
fn modes_are_read_in_any_order() {
    let modes = Modes {
        isolation: Some(Isolation::Serializable),
        read_only: Some(true),
        deferrable: Some(false),
        snapshot: false,
    };
    for sql in [
        "isolation level serializable, read only, not deferrable",
        "read only isolation/**/level SERIALIZABLE not deferrable",
        "isolation level read committed read write deferrable, not deferrable read only isolation level serializable",
    ] {
        for (head, expected) in [
            (
                "begin work ",
                Verb::Begin {
                    start: false,
                    modes,
                },
            ),
            ("start transaction ", Verb::Begin { start: true, modes }),
            ("set transaction ", set(modes)),
            ("set local transaction ", set(modes)),
            ("set session transaction ", set(modes)),
            (
                "set session characteristics as transaction ",
                Verb::SetCharacteristics(modes),
            ),
        ] {
            assert_eq!(verb(&format!("{head}{sql}")), expected, "{head}{sql}");
        }
    }
    for (level, expected) in [
        ("read uncommitted", Isolation::ReadUncommitted),
        ("read committed", Isolation::ReadCommitted),
        ("repeatable read", Isolation::RepeatableRead),
    ] {
        let sql = format!("begin isolation level {level}");
        let Verb::Begin { modes, .. } = verb(&sql) else {
            panic!("{sql}");
        };
        assert_eq!(modes.isolation, Some(expected));
    }
    let snapshot = Modes {
        snapshot: true,
        ..Modes::default()
    };
    assert_eq!(verb("set transaction snapshot '00-1'"), set(snapshot));
}

fn set(modes: Modes) -> Verb<'static> {
    let by_name = None;
    Verb::SetTransaction { modes, by_name }
}

#[test]
fn modes_are_set_by_their_names_as_well() {
    let level = Modes {
        isolation: Some(Isolation::RepeatableRead),
        ..Modes::default()
    };
    let reads = Modes {
        read_only: Some(true),
        ..Modes::default()
    };
    for (sql, modes, local) in [
        (
            "set transaction_isolation = 'Repeatable Read'",
            level,
            false,
        ),
        (
            "set session transaction_isolation to 'repeatable read'",
            level,
            false,
        ),
        ("set local transaction_read_only = on", reads, true),
        ("set transaction_read_only to TRUE", reads, false),
    ] {
        let by_name = Some(local);
        let expected = Verb::SetTransaction { modes, by_name };
        assert_eq!(verb(sql), expected, "{sql}");
    }
    for sql in [
        "set transaction_isolation = nonsense",
        "set transaction_read_only = on, off",
        "set transaction_isolation to default",
    ] {
        assert!(matches!(verb(sql), Verb::Set { .. }), "{sql}");
    }
}

#[test]
fn wrong_modes_are_the_servers() {
    for modes in [
        "isolation level x",
        "isolation level read",
        "isolation serializable",
        "read only,",
        ", read only",
        "read only,, read write",
        "read",
        "not",
        "read only chain",
        "isolation level 'serializable'",
    ] {
        for head in ["begin", "start transaction", "set transaction"] {
            let sql = format!("{head} {modes}");
            assert_eq!(verb(&sql), Verb::Other { deferrable: false }, "{sql}");
        }
    }
    assert_other(&[
        "set transaction",
        "set session characteristics as transaction",
        "set session characteristics read only",
        "set transaction snapshot x",
    ]);
}

#[test]
fn ends_of_transactions() {
    for (tail, chain) in [
        ("", false),
        (" work", false),
        ("/**/transaction and no chain", false),
        (" and chain", true),
        (" WORK AND CHAIN", true),
    ] {
        for word in ["commit", "END"] {
            assert_eq!(verb(&format!("{word}{tail}")), Verb::Commit { chain });
        }
        for word in ["Rollback", "abort"] {
            assert_eq!(verb(&format!("{word}{tail}")), Verb::Rollback { chain });
        }
    }
    assert_other(&[
        "commit foo",
        "commit and",
        "commit and no",
        "commit and chain chain",
        "end to a",
        "abort to a",
        "abort prepared 'a'",
        "end work work",
        "rollback to",
        "rollback to savepoint a b",
    ]);
}

#[test]
fn two_phases() {
    for sql in [
        "prepare transaction 'a'",
        "commit prepared E'a'",
        "ROLLBACK PREPARED $$a$$",
    ] {
        assert_eq!(verb(sql), Verb::TwoPhase, "{sql}");
    }
    assert_other(&[
        "commit prepared",
        "prepare transaction",
        "rollback prepared a",
    ]);
}

#[test]
fn savepoints_by_name() {
    assert_named("savepoint A", "A", "a", Verb::Savepoint);
    assert_named(
        "/*a*/savepoint \"A\"\"b\"",
        "\"A\"\"b\"",
        "A\"b",
        Verb::Savepoint,
    );
    assert_named("savepoint É$1", "É$1", "É$1", Verb::Savepoint);
    assert_named(
        "savepoint U&\"\\0061\"",
        "U&\"\\0061\"",
        "\\0061",
        Verb::Savepoint,
    );
    assert_named("release work", "work", "work", Verb::Release);
    assert_named("release savepoint b", "b", "b", Verb::Release);
    assert_named("rollback to x", "x", "x", Verb::RollbackTo);
    assert_named("rollback work to savepoint x", "x", "x", Verb::RollbackTo);
    assert_named("rollback to work", "work", "work", Verb::RollbackTo);
    assert_named("release savepoint", "savepoint", "savepoint", Verb::Release);
    assert_other(&[
        "savepoint",
        "savepoint savepoint b",
        "savepoint select",
        "savepoint 'a'",
        "savepoint a.b",
        "release",
        "release savepoint to",
        "rollback to work b",
    ]);
}
