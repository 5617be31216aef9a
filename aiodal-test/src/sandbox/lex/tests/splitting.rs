use super::*;

/// The statements of `sql`.
fn texts(sql: &str, conforming: bool) -> Vec<&str> {
    pieces(sql, conforming)
        .into_iter()
        .map(|piece| &sql[piece.start..piece.end])
        .collect()
}

#[test]
fn blanks_comments_and_empty_statements_are_left_out() {
    for sql in ["", " \t\n", ";;", "-- ; begin", "/* begin; */;", ";/**/;--"] {
        assert_eq!(texts(sql, true), [""; 0], "{sql}");
    }
    let sql = " /* a;/* b; */ */ begin ; -- c;\r;;insert into t values (1) /* d */ ;\u{b}\n end--";
    assert_eq!(
        texts(sql, true),
        ["begin", "insert into t values (1)", "end"]
    );
}

#[test]
fn quotes_hide_semicolons() {
    for quoted in [
        "';'",
        "'a'';'",
        r"'\'",
        r"e'\';'",
        r"E'\\'",
        r"E'a''\';'",
        "b';'",
        "X';'",
        "n';'",
        "U&';'",
        r#"U&"a"";""#,
        "\"a;\"",
        "\"a\"\";\"",
        "$$;$$",
        "$a$;$$;$b$;$a$",
        "$é1$;$é1$",
        "'a'\n';'",
        "E'a' -- it's\n '\\';'",
        "$1",
        "a$b$c",
        "é$b$c",
        "1$$;$$",
        "(1; (2;) 3)",
        "/* ; /* ; */ ; */ 1",
        "1 -- ;'\r",
        "e /**/ ';'",
        "$ 1",
        "1.5e-3",
        "a/*;*/b",
    ] {
        let sql = format!("select {quoted} ;commit");
        let found = texts(&sql, true);
        assert_eq!(found.len(), 2, "{sql}: {found:#?}");
        assert_eq!(found[1], "commit", "{sql}");
    }
}

#[test]
fn backslashes_escape_where_strings_do_not_conform() {
    let sql = r"select '\'; commit; --'";
    assert_eq!(texts(sql, true), [r"select '\'", "commit"]);
    assert_eq!(texts(sql, false), [sql]);
    let sql = r"select x'\'; commit";
    assert_eq!(texts(sql, false).len(), 2);
}

#[test]
fn continued_string_keeps_its_rules() {
    let sql = "select E'a'\n'\\'; commit; --'";
    assert_eq!(texts(sql, true), [sql]);
    let sql = "select E'a' '\\'; commit";
    assert_eq!(texts(sql, true).len(), 2);
}

#[test]
fn bodies_and_rules_stay_whole() {
    let sql = "CREATE or replace FUNCTION f() returns int language sql begin /**/ atomic
        select case when true then 1 end as end, t.case from t; select (case 1 when 1 then 2 end); end;
        create rule r as on insert to t do also (begin; commit); begin; end";
    let found = texts(sql, true);
    assert_eq!(found.len(), 4, "{found:#?}");
    assert!(found[0].ends_with("2 end); end"));
    assert!(found[1].ends_with("commit)"));
}

#[test]
fn only_a_routine_has_a_body() {
    for head in [
        "select t.begin atomic",
        "create table begin atomic",
        "begin atomic",
    ] {
        let sql = format!("{head}; commit");
        assert_eq!(texts(&sql, true), [head, "commit"]);
    }
}

#[test]
fn what_nothing_closes_runs_to_the_end() {
    for open in [
        "'; a ",
        "\"; a ",
        "$$; $a$ ",
        "$é$; $é ",
        "/*; /* */ ",
        r"e'; \' ",
        "(; a",
    ] {
        let sql = format!("begin; lock {open}");
        let found = pieces(&sql, true);
        assert_eq!(found.len(), 2, "{sql}");
        if !open.starts_with('(') {
            assert_eq!(found[1].end, sql.len());
            assert_eq!(found[1].verb, Verb::Other { deferrable: false });
        }
    }
    assert_other(&["commit /* a", "/* commit", "listen \"a", "vacuum 'a"]);
}
