use super::*;

#[test]
fn prepared_statements_by_name() {
    assert_named("prepare Q1 as select 1", "Q1", "q1", Verb::Prepare);
    assert_named(
        "prepare \"Q\" (int, numeric(1, 2)) as select $1",
        "\"Q\"",
        "Q",
        Verb::Prepare,
    );
    assert_named(
        "prepare transaction as select 1",
        "transaction",
        "transaction",
        Verb::Prepare,
    );
    assert_named("execute q", "q", "q", Verb::Execute);
    assert_named("execute q(1, (2))", "q", "q", Verb::Execute);
    assert_named(
        "explain (analyze, costs off) execute q",
        "q",
        "q",
        Verb::Execute,
    );
    assert_named(
        "explain analyse verbose execute q(1)",
        "q",
        "q",
        Verb::Execute,
    );
    assert_named(
        "create table t (a) as execute q(1) with no data",
        "q",
        "q",
        Verb::Execute,
    );
    assert_named(
        "create temp table t on commit drop as execute q",
        "q",
        "q",
        Verb::Execute,
    );
    assert_named(
        "explain create table t as execute q",
        "q",
        "q",
        Verb::Execute,
    );
    assert_named("deallocate q", "q", "q", |name| {
        Verb::Deallocate(Some(name))
    });
    assert_named("deallocate prepare q", "q", "q", |name| {
        Verb::Deallocate(Some(name))
    });
    assert_named("deallocate prepare", "prepare", "prepare", |name| {
        Verb::Deallocate(Some(name))
    });
    assert_eq!(verb("deallocate prepare all"), Verb::Deallocate(None));
    assert_other(&[
        "prepare a",
        "prepare a as",
        "prepare a select 1",
        "execute",
        "execute a b",
        "deallocate",
        "explain select 1",
        "explain analyze create temp table t as select 1",
    ]);
}

#[test]
fn cursors_and_whether_they_hold() {
    for (sql, hold) in [
        ("declare c cursor for select 1", false),
        (
            "DECLARE c binary no scroll insensitive CURSOR without hold for select 1",
            false,
        ),
        ("declare c scroll cursor with hold for select 1", true),
    ] {
        let name = name(sql, "c ", "c");
        let end = name.end - 1;
        let name = Name { end, ..name };
        assert_eq!(verb(sql), Verb::Declare { name, hold }, "{sql}");
    }
    let sql = "close \"C\"";
    assert_eq!(verb(sql), Verb::CloseCursor(Some(name(sql, "\"C\"", "C"))));
    assert_eq!(verb("close all"), Verb::CloseCursor(None));
    assert_other(&[
        "declare c for select 1",
        "declare c cursor",
        "close",
        "close a b",
    ]);
}

#[test]
fn notifications_are_decoded() {
    let sql = "listen \"My Channel\"";
    let channel = name(sql, "\"My Channel\"", "My Channel");
    assert_eq!(verb(sql), Verb::Listen(channel));
    assert_eq!(verb("unlisten *"), Verb::Unlisten(None));
    let sql = "unlisten C";
    assert_eq!(verb(sql), Verb::Unlisten(Some(name(sql, "C", "c"))));
    for (literal, expected) in [
        ("'it''s \\n'", "it's \\n"),
        (
            "E'it''s \\'\\n\\t\\\\\\x41\\101\\u00e9\\U0001F600\\ud83d\\ude00\\q'",
            "it's '\n\t\\AAé😀😀q",
        ),
        ("E'\\xc3'\n'\\xa9\\x4'\n'1'", "é\u{4}1"),
        ("U&'\\00e9\\+01F600\\d83d\\de00\\\\'", "é😀😀\\"),
        ("$a$x$$'$a$", "x$$'"),
        ("$$$$", ""),
        ("''", ""),
        ("'a' -- it's\n  'b'", "ab"),
        ("E'a'\n'\\'b'", "a'b"),
    ] {
        let sql = format!("notify chan, {literal}");
        let channel = name(&sql, "chan", "chan");
        let payload = Some(expected.to_owned());
        assert_eq!(verb(&sql), Verb::Notify { channel, payload }, "{sql}");
    }
    assert_eq!(
        pieces(r"notify c, 'a\'b'", false)[0].verb,
        Verb::Notify {
            channel: name("notify c", "c", "c"),
            payload: Some("a'b".to_owned())
        }
    );
    assert_eq!(
        pieces("notify c, U&'a'", false)[0].verb,
        Verb::Other { deferrable: false }
    );
    assert_other(&[
        "notify a, b",
        "notify a,",
        "notify a 'b'",
        "notify a, E'\\xff'",
        "notify a, E'\\u00'",
        "notify a, x'00'",
        "notify a, U&'!0061' uescape '!'",
        "listen a, b",
        "listen *",
        "unlisten all",
    ]);
}

#[test]
fn temporary_table_may_be_filled_by_execute() {
    let created = |sql: &'static str| {
        let piece = pieces(sql, true).remove(0);
        assert!(matches!(piece.verb, Verb::Execute(_)), "{sql}: {piece:?}");
        filled_by_execute(&piece, sql).map(|filled| filled.verb)
    };
    let sql = "create temp table if not exists T1 on commit drop as execute q(1) with no data";
    let expected = Verb::CreateTemp {
        name: name(sql, "T1", "t1"),
        on_commit: OnCommit::Drop,
        if_not_exists: true,
    };
    assert_eq!(created(sql), Some(expected));
    assert_eq!(created("create table t as execute q"), None);
    assert_eq!(created("execute q"), None);
    assert_eq!(created("explain create temp table t as execute q"), None);
}

#[test]
fn what_is_dropped_may_be_temporary() {
    for (sql, expected) in [
        ("drop table a", &["a"] as &[&str]),
        (
            "drop table if exists a, s.b, pg_temp.\"C\" cascade",
            &["a", "C"],
        ),
        ("DROP View pg_temp.A restrict", &["a"]),
        ("drop table public.a", &[]),
    ] {
        let Verb::Drop(names) = verb(sql) else {
            panic!("{sql}: {:?}", verb(sql));
        };
        let names: Vec<_> = names.iter().map(|name| &*name.text).collect();
        assert_eq!(names, expected, "{sql}");
    }
    assert_other(&[
        "drop index a",
        "drop table",
        "drop table a b",
        "drop table a,",
    ]);
}

#[test]
fn temporary_objects() {
    for (sql, on_commit) in [
        ("create temp table T1 (a int)", OnCommit::Preserve),
        (
            "create local temporary table if not exists T1 (on_commit int) on commit drop",
            OnCommit::Drop,
        ),
        (
            "create global temp table pg_temp.T1 (a int) with (fillfactor = 10) ON COMMIT DELETE ROWS",
            OnCommit::Delete,
        ),
        (
            "create temp table T1 on commit preserve rows as select 1",
            OnCommit::Preserve,
        ),
        (
            "create temp table T1 as select 1 from a join b on commit",
            OnCommit::Preserve,
        ),
        ("create table pg_temp.T1 ()", OnCommit::Preserve),
        ("select 1 into temp T1 from t", OnCommit::Preserve),
        (
            "with x as (select 1) select * into temporary table T1 from x",
            OnCommit::Preserve,
        ),
        (
            "select 1 as into, t.into into local temp pg_temp.T1 from t",
            OnCommit::Preserve,
        ),
        ("select 1 into pg_temp.T1", OnCommit::Preserve),
        (
            "create or replace temp view T1 as select 1",
            OnCommit::Preserve,
        ),
        (
            "create temporary recursive view T1 (a) as select 1",
            OnCommit::Preserve,
        ),
        ("create temp sequence if not exists T1", OnCommit::Preserve),
        ("create type pg_temp.T1 as enum ('a')", OnCommit::Preserve),
        ("create domain pg_temp.T1 as int", OnCommit::Preserve),
    ] {
        let name = name(sql, "T1", "t1");
        let expected = Verb::CreateTemp {
            name,
            on_commit,
            if_not_exists: sql.contains("if not exists"),
        };
        assert_eq!(verb(sql), expected, "{sql}");
    }
    assert_other(&[
        "create table t (a int)",
        "create unlogged table temp.t (a int)",
        "create view v as select 1",
        "create temp function pg_temp.f() returns int return 1",
        "create type temp.t as (a int)",
        "create temp table t on commit nothing",
        "select 1 into t",
        "select 1 into temp from t",
        "select a as into temp",
        "with x as (select 1) insert into temp values (1)",
        "insert into temp default values",
    ]);
}

#[test]
fn what_no_transaction_can_run() {
    for sql in [
        "vacuum",
        "VACUUM (full) t",
        "create database a",
        "drop database if exists a",
        "create tablespace a location 'b'",
        "drop tablespace a",
        "create unique index concurrently on t (a)",
        "drop index concurrently a",
        "reindex index concurrently a",
        "reindex (verbose, concurrently) table a",
        "reindex database",
        "reindex system a",
        "reindex schema a",
        "alter system reset all",
        "alter database a set tablespace b",
        "alter table if exists a.b detach partition c concurrently",
        "create subscription a connection 'b' publication c",
        "drop subscription a",
        "cluster",
        "cluster verbose",
    ] {
        assert!(matches!(verb(sql), Verb::NeedsNoTransaction(_)), "{sql}");
    }
    assert_other(&[
        "create database",
        "create index on t (a)",
        "create unique index concurrent on t (a)",
        "drop index a",
        "reindex table a",
        "reindex (concurrently false) table a",
        "cluster a",
        "alter database a set work_mem = 1",
        "alter table a detach partition b",
        "analyze",
    ]);
}

#[test]
fn other_statements() {
    for (sql, expected) in [
        ("LOCK t", Verb::Lock),
        ("copy t from stdin", Verb::Copy),
        ("call p()", Verb::Call),
        ("do $$begin; commit; end$$", Verb::Do),
    ] {
        assert_eq!(verb(sql), expected);
    }
    let sql = "alter table t add foreign key (a) references b Deferrable initially deferred";
    assert_eq!(verb(sql), Verb::Other { deferrable: true });
    assert_other(&[
        "select 1",
        "(select 1)",
        "values (1)",
        "insert into t values ('commit')",
        "comment on table t is 'deferrable'",
        "alter table \"deferrable\" /* deferrable */ add a int",
        "select set",
        "commitment",
        "fetch all from c",
    ]);
}
