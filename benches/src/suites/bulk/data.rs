//! What is loaded: generated, the same bytes on every machine.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use crate::Result;

/// The tables, without rows. `line_key` is `line` with a primary key.
pub(super) const SCHEMA: &str = "
    create table line (orderkey int8 not null, partkey int4 not null, suppkey int4 not null, number int4 not null,
        quantity numeric(15,2), price numeric(15,2), discount numeric(15,2), tax numeric(15,2),
        returned char(1), status char(1), shipped date, committed date, received date,
        instructions varchar(25), mode varchar(10), comment varchar(44));
    create table line_key (like line, primary key (orderkey, number));
    create table narrow (id int8 not null, a int4, b int4);
    create table doc (record jsonb)";

/// The generator `SplitMix64`: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        let index = usize::try_from(self.next() >> 33).unwrap_or(0);
        choices[index % choices.len()]
    }
}

const WORDS: [&str; 16] = [
    "carefully",
    "final",
    "deposits",
    "sleep",
    "quickly",
    "ironic",
    "packages",
    "above",
    "the",
    "furiously",
    "regular",
    "requests",
    "haggle",
    "blithely",
    "pending",
    "accounts",
];

const INSTRUCTIONS: [&str; 4] = [
    "DELIVER IN PERSON",
    "COLLECT COD",
    "NONE",
    "TAKE BACK RETURN",
];

const MODES: [&str; 7] = ["REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"];

/// Sixteen columns like TPC-H's lineitem, about 130 bytes a row; every twentieth comment has a comma and so quotes.
pub(super) fn lines(path: &Path, rows: u64) -> Result<()> {
    let mut random = Random(42);
    write(path, |out| {
        for row in 0..rows {
            let date = |days: u64| {
                let (year, rest) = (1992 + days / 336, days % 336);
                format!("{year}-{:02}-{:02}", rest / 28 + 1, rest % 28 + 1)
            };
            let shipped = random.below(2000);
            let mut comment = String::new();
            while comment.len() < 24 {
                comment.push_str(random.of(&WORDS));
                comment.push(' ');
            }
            let comment = comment.trim_end();
            let comment = if random.below(20) == 0 {
                format!("\"{}, {}\"", &comment[..8], &comment[9..])
            } else {
                comment.to_owned()
            };
            writeln!(
                out,
                "{},{},{},{},{},{}.{:02},0.{:02},0.{:02},{},{},{},{},{},{},{},{comment}",
                row / 4 * 8 + 1,
                random.below(200_000) + 1,
                random.below(10_000) + 1,
                row % 4 + 1,
                random.below(50) + 1,
                random.below(100_000) + 900,
                random.below(100),
                random.below(11),
                random.below(9),
                random.of(&["A", "N", "R"]),
                random.of(&["O", "F"]),
                date(shipped),
                date(shipped + random.below(60)),
                date(shipped + random.below(30) + 1),
                random.of(&INSTRUCTIONS),
                random.of(&MODES),
            )?;
        }
        Ok(())
    })
}

/// Three integers a row.
pub(super) fn narrow(path: &Path, rows: u64) -> Result<()> {
    let mut random = Random(43);
    write(path, |out| {
        for row in 0..rows {
            writeln!(
                out,
                "{row},{},{}",
                random.below(1000),
                random.below(1_000_000)
            )?;
        }
        Ok(())
    })
}

/// Documents of about 220 bytes; three in ten have a backslash.
pub(super) fn documents(path: &Path, rows: u64) -> Result<()> {
    let mut random = Random(44);
    write(path, |out| {
        for row in 0..rows {
            let note = match random.below(10) {
                0 => "C:\\\\temp\\\\new",
                1 => "she said \\\"no\\\"",
                2 => "two\\nlines \\u2603",
                _ => "nothing to say",
            };
            writeln!(
                out,
                "{{\"id\": {row}, \"name\": \"{} {}\", \"score\": {}.{}, \"tags\": [\"{}\", \"{}\"], \
                 \"address\": {{\"street\": \"{} {}\", \"zip\": \"{:05}\", \"verified\": {}}}, \"note\": \"{note}\"}}",
                random.of(&WORDS),
                random.of(&WORDS),
                random.below(1000),
                random.below(10),
                random.of(&WORDS),
                random.of(&WORDS),
                random.of(&WORDS),
                random.below(200),
                random.below(100_000),
                random.below(2) == 0,
            )?;
        }
        Ok(())
    })
}

fn write(
    path: &Path,
    rows: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>,
) -> Result<()> {
    let failed = |error| format!("failed to write {}: {error}", path.display());
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path).map_err(failed)?);
    rows(&mut out).and_then(|()| out.flush()).map_err(failed)?;
    Ok(())
}
