use super::*;

/// Numbers that look random and are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }
}

/// The words of a statement, to be joined by blanks, and a check of its verb.
type Known = (&'static [&'static str], fn(&Verb<'_>) -> bool);

const STATEMENTS: [Known; 16] = [
    (&["begin"], |verb| {
        matches!(verb, Verb::Begin { start: false, .. })
    }),
    (
        &["start", "transaction", "read", "only"],
        |verb| matches!(verb, Verb::Begin { start: true, modes } if modes.read_only == Some(true)),
    ),
    (&["commit", "and", "chain"], |verb| {
        *verb == Verb::Commit { chain: true }
    }),
    (
        &["rollback", "to", "savepoint", "\"S;\""],
        |verb| matches!(verb, Verb::RollbackTo(name) if name.text == "S;"),
    ),
    (
        &["prepare", "q", "(", "int", ")", "as", "select", "$1"],
        |verb| matches!(verb, Verb::Prepare(name) if name.text == "q"),
    ),
    (
        &["set", "local", "a", ".", "b", "=", "'it''s;'", ",", "c"],
        |verb| matches!(verb, Verb::Set { local: true, name, .. } if name == "a.b"),
    ),
    (
        &["notify", "c", ",", "e'\\';'"],
        |verb| matches!(verb, Verb::Notify { payload: Some(payload), .. } if payload == "';"),
    ),
    (
        &[
            "create", "temp", "table", "t", "(", "a", "int", ")", "on", "commit", "drop",
        ],
        |verb| {
            matches!(
                verb,
                Verb::CreateTemp {
                    on_commit: OnCommit::Drop,
                    ..
                }
            )
        },
    ),
    (&["do", "$a$ ; $b$ $$ ' $a$"], |verb| *verb == Verb::Do),
    (
        &[
            "declare", "c", "cursor", "with", "hold", "for", "select", "1",
        ],
        |verb| matches!(verb, Verb::Declare { hold: true, .. }),
    ),
    (
        &[
            "select",
            "set_config",
            "(",
            "'a'",
            ",",
            "$$b;$$",
            ",",
            "false",
            ")",
        ],
        |verb| matches!(verb, Verb::SetConfig { local: false, .. }),
    ),
    (
        &["select", "a$b$c", ",", "U&\"d;\"", ",", "x';'", "from", "t"],
        is_other,
    ),
    (
        &[
            "insert",
            "into",
            "t",
            "values",
            "(",
            "';'",
            ",",
            "\"commit;\"",
            ")",
        ],
        is_other,
    ),
    (
        &[
            "create", "function", "f", "(", ")", "returns", "int", "begin", "atomic", "select",
            "case", "when", "a", "then", "1", "end", ";", "commit", ";", "end",
        ],
        is_other,
    ),
    (
        &[
            "create", "rule", "r", "as", "on", "insert", "to", "t", "do", "(", "commit", ";",
            "begin", ")",
        ],
        is_other,
    ),
    (&["update", "t", "set", "a", "=", "'\\'"], is_other),
];

fn is_other(verb: &Verb<'_>) -> bool {
    matches!(verb, Verb::Other { .. })
}

fn blank(random: &mut Random) -> &'static str {
    random.of(&[
        " ",
        "\n",
        "\t \r\n",
        "/**/",
        "/* ; ' /* $$ */ \" */",
        " -- ; commit ' \"\n",
        " /*;*/--\r",
    ])
}

fn word(random: &mut Random, word: &str) -> String {
    if word.chars().all(|c| c.is_ascii_lowercase()) && random.below(2) == 0 {
        return word.to_ascii_uppercase();
    }
    word.to_owned()
}

#[test]
fn known_statements_survive_any_blanks_and_case() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..2_000 {
        let mut sql = String::new();
        let mut expected = Vec::new();
        for _ in 0..random.below(6) {
            sql.push_str(random.of(&["", ";", " /* a */ ;", "\n-- b\n"]));
            let (words, check) = STATEMENTS[random.below(STATEMENTS.len())];
            let start = sql.len();
            for (at, text) in words.iter().enumerate() {
                if at > 0 {
                    sql.push_str(blank(&mut random));
                }
                sql.push_str(&word(&mut random, text));
            }
            expected.push((start, sql.len(), check));
            if random.below(2) == 0 {
                sql.push_str(blank(&mut random));
            }
            sql.push(';');
        }
        let found = pieces(&sql, true);
        assert_eq!(found.len(), expected.len(), "{sql}\n{found:#?}");
        for (piece, (start, end, check)) in found.iter().zip(expected) {
            assert_eq!((piece.start, piece.end), (start, end), "{sql}");
            assert!(check(&piece.verb), "{sql}\n{piece:#?}");
        }
    }
}

/// Checks what holds of any text.
fn check(sql: &str, conforming: bool) {
    let mut from = 0;
    for piece in pieces(sql, conforming) {
        assert!(from <= piece.start && piece.start < piece.end, "{sql}");
        assert!(
            !sql[piece.start..piece.end].starts_with([' ', ';', '\n']),
            "{sql}"
        );
        from = piece.end;
    }
}

#[test]
fn any_text_is_split_without_a_panic() {
    const BITS: [&str; 40] = [
        "'", "''", "\"", "$", "$$", "$a$", "\\", "/*", "*/", "--", "\n", "\r", ";", "(", ")", "e'",
        "U&", "u&\"", "x'", "é", "😀", "\u{a0}", " ", "begin", "atomic", "case", "end", "create",
        "function", "select", "into", "temp", "set", "=", ",", "notify", "1", ".", "\\u00",
        "\\ud83d",
    ];
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for round in 0..40_000 {
        let mut sql = String::new();
        if round % 2 == 0 {
            for _ in 0..random.below(24) {
                sql.push_str(random.of(&BITS));
                sql.push_str(random.of(&["", " "]));
            }
        } else {
            let (words, _) = STATEMENTS[random.below(STATEMENTS.len())];
            sql = words.join(" ");
            for _ in 0..=random.below(3) {
                let at = sql.floor_char_boundary(random.below(sql.len() + 1));
                if random.below(2) == 0 {
                    sql.truncate(at);
                }
                sql.insert_str(at, random.of(&BITS));
            }
        }
        check(&sql, round % 3 > 0);
    }
    for _ in 0..10_000 {
        let bytes: Vec<u8> = (0..random.below(32))
            .map(|_| u8::try_from(random.below(256)).unwrap())
            .collect();
        check(&String::from_utf8_lossy(&bytes), true);
    }
}
