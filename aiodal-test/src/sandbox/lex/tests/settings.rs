use super::*;

fn set(local: bool, name: &str, is_default: bool) -> Verb<'_> {
    let name = name.into();
    Verb::Set {
        local,
        name,
        is_default,
    }
}

#[test]
fn settings_by_their_names() {
    for (sql, local, name, is_default) in [
        ("set a = 1", false, "a", false),
        (
            "SET SESSION \"Search_Path\" TO \"$user\", public",
            false,
            "search_path",
            false,
        ),
        ("set local Work_Mem='4MB'", true, "work_mem", false),
        ("set my.Own = -1.5e-3", false, "my.own", false),
        ("set a to default", false, "a", true),
        ("set local a = DEFAULT", true, "a", true),
        ("set a to on", false, "a", false),
        ("set a to 'b'\n'c'", false, "a", false),
        ("set local = 1", false, "local", false),
        ("set session to 1", false, "session", false),
        ("set time zone 'UTC'", false, "timezone", false),
        ("set local time zone +2", true, "timezone", false),
        (
            "set time zone interval '1' hour to minute",
            false,
            "timezone",
            false,
        ),
        ("set time zone local", false, "timezone", true),
        ("set TimeZone = utc", false, "timezone", false),
        ("set role admin", false, "role", false),
        ("set role none", false, "role", true),
        ("set role = 'none'", false, "role", true),
        ("set session role to \"X\"", false, "role", false),
        ("set names 'utf8'", false, "client_encoding", false),
        ("set names", false, "client_encoding", true),
        ("set schema 'a'", false, "search_path", false),
        (
            "set session authorization bob",
            false,
            "session authorization",
            false,
        ),
        (
            "set local session authorization default",
            true,
            "session authorization",
            true,
        ),
        (
            "set session session authorization 'x'",
            false,
            "session authorization",
            false,
        ),
        (
            "set session_authorization = x",
            false,
            "session authorization",
            false,
        ),
        ("set xml option document", false, "xmloption", false),
    ] {
        assert_eq!(verb(sql), set(local, name, is_default), "{sql}");
    }
    assert_other(&[
        "set",
        "set a",
        "set a =",
        "set a == 1",
        "set a = 1,",
        "set a = b c",
        "set a = select",
        "set a to default, 1",
        "set select = 1",
        "set a from current",
        "set time zone",
        "set xml option",
        "set schema a",
        "set session",
        "set role",
        "set constraints all",
        "set a = $1",
    ]);
}

#[test]
fn calls_are_found_wherever_they_stand() {
    let sql = "select set_config('A.b', $1, true), pg_catalog.set_config('role', f(1, 2), false), set_config($1, 'a', true),
        ' set_config(''c'', ''d'', true)' from (select set_config('e', 'f', $2 = 1)) x";
    let expected = [("a.b", true), ("role", false), ("e", false)];
    let found = calls(sql, true);
    let found: Vec<_> = found
        .iter()
        .map(|(name, local)| (name.as_str(), *local))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn constraints_and_resets() {
    for (sql, all) in [
        ("set constraints all deferred", Some(true)),
        ("set constraints all immediate", Some(false)),
        ("set constraints a, \"B\".c immediate", None),
    ] {
        assert_eq!(verb(sql), Verb::SetConstraints { all }, "{sql}");
    }
    for (sql, name) in [
        ("reset all", None),
        ("RESET Search_Path", Some("search_path")),
        ("reset my.own", Some("my.own")),
        ("reset time zone", Some("timezone")),
        ("reset session authorization", Some("session authorization")),
        ("reset role", Some("role")),
    ] {
        assert_eq!(verb(sql), Verb::Reset(name.map(Into::into)), "{sql}");
    }
    for (sql, discarded) in [
        ("discard all", Discarded::All),
        ("discard plans", Discarded::Plans),
        ("discard sequences", Discarded::Sequences),
        ("discard temp", Discarded::Temp),
        ("discard temporary", Discarded::Temp),
    ] {
        assert_eq!(verb(sql), Verb::Discard(discarded), "{sql}");
    }
    assert_other(&[
        "reset",
        "reset a b",
        "reset transaction isolation level",
        "discard",
        "discard a",
    ]);
}

#[test]
fn set_config_alone_is_known() {
    for (sql, local) in [
        (
            "select set_config('My.Own', f(1, 'a') || array[1, 2][1], true)",
            true,
        ),
        (
            "SELECT pg_catalog.set_config(E'my\\x2eown', $1, FALSE);",
            false,
        ),
        ("select\"set_config\" ( 'my.own', '', false )", false),
    ] {
        let name = "my.own".to_owned();
        assert_eq!(verb(sql), Verb::SetConfig { local, name }, "{sql}");
    }
    assert_other(&[
        "select set_config('a', 'b', true), 1",
        "select set_config('a', 'b', true) as c",
        "select set_config($1, 'b', true)",
        "select set_config('a', 'b', $1)",
        "select my.set_config('a', 'b', true)",
        "select set_config('a', 'b')",
        "select set_config('a', 'b', true) from t",
    ]);
}

#[test]
fn process_of_ones_own_is_known_where_nothing_else_is_asked() {
    for (sql, call, is_named) in [
        ("select pg_backend_pid()", "pg_backend_pid()", false),
        (
            "SELECT PG_CATALOG.pg_backend_pid ( ) AS me;",
            "PG_CATALOG.pg_backend_pid ( )",
            true,
        ),
        ("select pg_backend_pid() pid", "pg_backend_pid()", true),
    ] {
        let start = sql.find(call).unwrap();
        let own = Verb::Process {
            start,
            end: start + call.len(),
            is_named,
        };
        assert_eq!(verb(sql), own, "{sql}");
    }
    assert_other(&[
        "select pg_backend_pid",
        "select pg_backend_pid(1)",
        "select pg_backend_pid(), 1",
        "select pg_backend_pid() from t",
        "select my.pg_backend_pid()",
        "select 1, pg_backend_pid()",
        "select pg_terminate_backend(pg_backend_pid())",
    ]);
}
