//! Random JSON, right and wrong, is taken and refused as the server takes and refuses it.
//!
//! `BULK_ROUNDS` and `BULK_SEED` change how much of it, and which.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use aiodal::Transaction;
use aiodal::bulk::{JsonLines, Load, Source};
use serde_json::Value;

/// What a load rejects.
#[derive(Clone, Default)]
struct Rejects(Arc<Mutex<Vec<u8>>>);

impl Write for Rejects {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panics").write(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Rejects {
    fn rows(&self) -> Vec<Value> {
        let written = String::from_utf8(self.0.lock().expect("nobody panics").clone());
        let lines = written.expect("it is UTF-8");
        let rows = lines.lines().map(serde_json::from_str);
        rows.collect::<Result<_, _>>().expect("it is JSON")
    }
}

/// `SplitMix64`.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let side = (x ^ (x >> 31)) % sides as u64;
        usize::try_from(side).expect("there are few sides")
    }

    fn one_of<'a>(&mut self, these: &[&'a str]) -> &'a str {
        these[self.roll(these.len())]
    }
}

const TEXTS: [&str; 34] = [
    "",
    "a",
    "Ursula",
    "\\\"",
    "\\\\",
    "\\/",
    "\\b\\f\\n\\r\\t",
    "\\u0041",
    "\\u00e9",
    "\\u2603",
    "\\ud83d\\ude00",
    "é",
    "\u{2603}",
    "\u{1f600}",
    "{1,2}",
    "{a,\\\"b\\\"}",
    "[1,2]",
    "1",
    "-0",
    "1.5",
    "1e3",
    " 7 ",
    "true",
    "no",
    "NULL",
    "null",
    "\\\\N",
    "2024-02-29",
    "2023-02-29",
    "infinity",
    "\u{7f}",
    "'",
    ",",
    "\\\\.",
];

const WRONG: [&str; 18] = [
    "\\u0000",
    "\\ud800",
    "\\udc00",
    "\\ud800\\ud800",
    "\\ud83dx",
    "\\x",
    "\\u12g4",
    "\t",
    "\u{1}",
    "01",
    "1.",
    ".5",
    "+1",
    "nul",
    "TRUE",
    "\"",
    "\\",
    "\u{85}",
];

const NUMBERS: [&str; 20] = [
    "0",
    "-0",
    "1",
    "-1",
    "42",
    "2147483647",
    "2147483648",
    "9223372036854775808",
    "0.5",
    "-1.25",
    "1e3",
    "1E+3",
    "1e-3",
    "0e0",
    "1.0",
    "123456789012345678901234567890",
    "3.14159",
    "1e400",
    "-1e-400",
    "99.95",
];

fn string(dice: &mut Dice) -> String {
    let mut out = String::from("\"");
    for _ in 0..dice.roll(3) {
        out.push_str(dice.one_of(&TEXTS));
        if dice.roll(60) == 0 {
            out.push_str(dice.one_of(&WRONG));
        }
    }
    out.push('"');
    out
}

fn space(dice: &mut Dice) -> &'static str {
    match dice.roll(12) {
        0 => " ",
        1 => "\t",
        2 => "\r",
        _ => "",
    }
}

fn value(dice: &mut Dice, depth: usize) -> String {
    let kinds = if depth > 3 { 5 } else { 8 };
    let inner = match dice.roll(kinds) {
        0 => "null".to_owned(),
        1 => dice.one_of(&["true", "false"]).to_owned(),
        2 => dice.one_of(&NUMBERS).to_owned(),
        3 | 4 => string(dice),
        5 => {
            let same = dice.roll(4);
            let elements: Vec<String> = (0..dice.roll(4))
                .map(|_| match same {
                    0 => dice.one_of(&NUMBERS).to_owned(),
                    1 => string(dice),
                    _ => value(dice, depth + 1),
                })
                .collect();
            format!("[{}]", elements.join(","))
        }
        6 => {
            let rows = dice.roll(3) + 1;
            let row = format!("[{}]", ["1", "2", "3"][..=dice.roll(3)].join(", "));
            format!("[{}]", vec![row; rows].join(","))
        }
        _ => object(dice, depth + 1, &["a", "b", "é", "\\u0061", ""]),
    };
    format!("{}{inner}{}", space(dice), space(dice))
}

fn object(dice: &mut Dice, depth: usize, keys: &[&str]) -> String {
    let members: Vec<String> = (0..dice.roll(5))
        .map(|_| {
            format!(
                "{}\"{}\"{}:{}",
                space(dice),
                dice.one_of(keys),
                space(dice),
                value(dice, depth)
            )
        })
        .collect();
    format!("{{{}}}", members.join(","))
}

/// A value that its column may well take, for the most part.
fn fitting(dice: &mut Dice, column: &str) -> String {
    if dice.roll(12) == 0 {
        return value(dice, 0);
    }
    let texts = |dice: &mut Dice| format!("[{},{}]", string(dice), string(dice));
    match column {
        "t" => string(dice),
        "i" => dice
            .one_of(&["1", "-7", "null", "\"42\"", "2147483647", "2147483648"])
            .to_owned(),
        "b" => dice
            .one_of(&["true", "false", "\"yes\"", "1", "\"1\""])
            .to_owned(),
        "n" | "f" => dice.one_of(&NUMBERS).to_owned(),
        "ia" => dice
            .one_of(&[
                "[]",
                "[1,null,3]",
                "[[1],[2]]",
                "\"{4,5}\"",
                "[1,[2]]",
                "[[1],[2,3]]",
            ])
            .to_owned(),
        "ta" => texts(dice),
        "d" => dice
            .one_of(&[
                "\"2024-02-29\"",
                "\"infinity\"",
                "\"2023-02-30\"",
                "\"June 1, 2020\"",
            ])
            .to_owned(),
        _ => value(dice, 0),
    }
}

fn line(dice: &mut Dice) -> String {
    const COLUMNS: [&str; 11] = ["t", "i", "b", "n", "f", "j", "jb", "ia", "ta", "ja", "d"];
    let mut line = match dice.roll(20) {
        0 => value(dice, 0),
        _ => {
            let members: Vec<String> = (0..dice.roll(6))
                .map(|_| {
                    let key = COLUMNS[dice.roll(COLUMNS.len())];
                    let value = fitting(dice, key);
                    let key = if dice.roll(15) == 0 { "other" } else { key };
                    format!("{}\"{key}\"{}:{value}", space(dice), space(dice))
                })
                .collect();
            format!("{{{}}}{}", members.join(","), space(dice))
        }
    };
    if dice.roll(4) == 0 {
        mutate(dice, &mut line);
    }
    line
}

/// Changes a place or two, not within a character.
fn mutate(dice: &mut Dice, line: &mut String) {
    const BITS: [&str; 30] = [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "0", "1", "9", "-", "+", ".", "e", "E",
        "null", "true", " ", "a", "u", "\u{b}", "é", "/", "'", "\\ud800", "\\u0000", "d83d",
        "\u{feff}",
    ];
    for _ in 0..=dice.roll(2) {
        let places: Vec<usize> = line.char_indices().map(|(at, _)| at).collect();
        if places.is_empty() {
            return;
        }
        let at = places[dice.roll(places.len())];
        if dice.roll(2) == 0 {
            line.remove(at);
        }
        if dice.roll(3) > 0 {
            line.insert_str(at, dice.one_of(&BITS));
        }
    }
}

/// `json` keeps its text, and the server writes strings anew where it makes a record of them: compared as `jsonb`, or, with
/// numbers that `jsonb` doesn't take, by the reason.
const MAPPED: &str = "select (t, i, b, n, f, pg_temp.comparable(j), jb, ia, ta, ja, d)::text from target order by ctid";

/// For each line: its row as text, or the code that it is refused with.
type Outcome = Result<String, String>;

async fn expected(tx: &Transaction, sql: &str, lines: &[String]) -> aiodal::Result<Vec<Outcome>> {
    let sql = format!(
        "select x.taken, x.refused from unnest($1::text[]) with ordinality u(line, number), {sql}(u.line) x order by \
         number"
    );
    let rows = tx.query(&sql, &[&lines]).await?;
    Ok(rows
        .iter()
        .map(|row| match row.get::<_, Option<String>>(1) {
            Some(code) => Err(code),
            None => Ok(row.get(0)),
        })
        .collect())
}

async fn loaded(
    tx: &mut Transaction,
    load: Load<'_>,
    select: &str,
    lines: usize,
) -> aiodal::Result<Vec<Outcome>> {
    tx.batch_execute("truncate target, whole").await?;
    let rejects = Rejects::default();
    load.reject_to(rejects.clone(), 1_000_000).run(tx).await?;
    let rows = tx.query(select, &[]).await?;
    let mut rows = rows
        .iter()
        .map(|row| row.get::<_, Option<String>>(0).unwrap_or_default());
    let mut outcomes: Vec<Option<Outcome>> = vec![None; lines];
    for reject in rejects.rows() {
        let line = reject["line"].as_u64().expect("it is known");
        let line = usize::try_from(line).expect("there are few lines");
        let code = reject["code"].as_str().unwrap_or("none").to_owned();
        assert!(outcomes[line - 1].is_none(), "{reject}");
        outcomes[line - 1] = Some(Err(code));
    }
    let outcomes = outcomes
        .into_iter()
        .map(|outcome| outcome.unwrap_or_else(|| Ok(rows.next().expect("no row is lost"))));
    let outcomes = outcomes.collect();
    assert_eq!(rows.next(), None, "no row is made up");
    Ok(outcomes)
}

fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[aiodal::test]
async fn random_lines_are_taken_and_refused_as_by_the_server(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    tx.batch_execute(
        "create temp table target (t text, i int, b bool, n numeric(8,2), f float8, j json, jb jsonb, ia int[], ta text[], \
         ja jsonb[], d date);
         create temp table whole (v jsonb);
         create function pg_temp.comparable(value json) returns text language plpgsql as $$
         begin return value::jsonb; exception when others then return sqlstate; end $$;
         create function pg_temp.mapped(line text, out taken text, out refused text) language plpgsql as $$
         begin taken := (select (t, i, b, n, f, pg_temp.comparable(j), jb, ia, ta, ja, d)::text from json_populate_record(null::target, line::json));
         exception when others then refused := sqlstate; end $$;
         create function pg_temp.whole(line text, out taken text, out refused text) language plpgsql as $$
         begin taken := line::jsonb::text;
         exception when others then refused := sqlstate; end $$;",
    )
    .await?;
    let rounds = from_environment("BULK_ROUNDS").unwrap_or(15);
    let first = from_environment("BULK_SEED").unwrap_or(1);
    for seed in first..first + rounds {
        let mut dice = Dice(seed);
        let lines: Vec<String> = std::iter::repeat_with(|| line(&mut dice))
            .filter(|line| {
                !line.trim_matches([' ', '\t', '\r']).is_empty() && !line.starts_with('\u{feff}')
            })
            .take(150)
            .collect();
        let source = || Source::bytes(lines.join("\n"));
        let whole = Load::new(source(), JsonLines::into_column("v")).into_table("whole");
        let ours = loaded(
            tx,
            whole,
            "select v::text from whole order by ctid",
            lines.len(),
        )
        .await?;
        let right = expected(tx, "pg_temp.whole", &lines).await?;
        compare(seed, "whole", &lines, &ours, &right);
        let mapped = Load::new(source(), JsonLines::new())
            .into_table("target")
            .columns(["t", "i", "b", "n", "f", "j", "jb", "ia", "ta", "ja", "d"]);
        let ours = loaded(tx, mapped, MAPPED, lines.len()).await?;
        let right = expected(tx, "pg_temp.mapped", &lines).await?;
        compare(seed, "mapped", &lines, &ours, &right);
    }
    Ok(())
}

fn compare(seed: u64, what: &str, lines: &[String], ours: &[Outcome], right: &[Outcome]) {
    for ((line, ours), right) in lines.iter().zip(ours).zip(right) {
        // Of two bad values either is the first: the order of columns is another.
        if what == "mapped" && ours.is_err() && right.is_err() {
            continue;
        }
        assert_eq!(ours, right, "seed {seed}, {what}: {line}");
    }
}
