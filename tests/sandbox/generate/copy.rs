//! COPY, with data that fits and data that doesn't.

use super::Writer;
use crate::message::{End, Message};

impl Writer {
    pub(super) fn copy(&mut self) {
        if self.random.chance(1, 4) {
            let sql = *self.random.pick(OUT);
            return self.copy_by(sql);
        }
        let (sql, data) = *self.random.pick(IN);
        for _ in 0..self.random.between(1, 2) {
            self.input(data);
        }
        self.copy_by(sql);
    }

    fn input(&mut self, data: &str) {
        let text = super::text::filled(&mut self.random, data);
        let end = match self.random.below(16) {
            0 => End::Drop,
            1 | 2 => End::Fail,
            _ => End::Done,
        };
        self.say(Message::Input { text, end });
    }

    fn copy_by(&mut self, sql: &str) {
        match self.random.below(6) {
            0 => {
                let after = super::statement(&mut self.random);
                self.query(format!("{sql}; {after}"));
            }
            1 => {
                let before = super::statement(&mut self.random);
                self.query(format!("{before}; {sql}; select 1"));
            }
            2..4 => self.copy_by_extended(sql),
            _ => self.query(sql.to_owned()),
        }
    }
}

const IN: &[(&str, &str)] = &[
    ("copy log from stdin", "one\ntwo @\n"),
    ("copy log from stdin", ""),
    ("copy log from stdin", "no end of the line"),
    ("copy log from stdin", "before\n\\.\n"),
    (
        "copy log (line) from stdin with (format csv)",
        "\"@, \"\"b\"\"\"\nc\n",
    ),
    ("COPY log FROM STDIN (FORMAT csv, HEADER)", "line\n@\n"),
    ("copy author (name, born) from stdin", "x@\t#\ny\t\\N\n"),
    ("copy author (name, born) from stdin", "x\t0\n"),
    ("copy author (name, born) from stdin", "x\tword\n"),
    ("copy author (name, born) from stdin", "x\n"),
    ("copy book from stdin", "7\t9\ta\n"),
    ("copy review (book, stars) from stdin", "9\t1\n"),
    ("copy review (book, stars) from stdin", "1\t#\n1\t9\n"),
    ("copy shelf from stdin", "#\t@\n5\te\n"),
    ("copy log from stdin (format binary)", "PGCOPY?"),
    ("copy mine from stdin", "#\n"),
    ("copy nowhere from stdin", "a\n"),
    ("copy log (nothing) from stdin", "a\n"),
];

const OUT: &[&str] = &[
    "copy (select * from author order by id) to stdout",
    "copy (select line from log order by line) to stdout with (format csv, header)",
    "copy (select 1, null, 'é') to stdout (format binary)",
    "copy (select n, 1/(3-n) from generate_series(1, 5) n) to stdout",
    "copy (select n from generate_series(1, 300) n) to stdout",
    "copy (insert into log values ('copied') returning line) to stdout",
    "copy nowhere to stdout",
    "copy log to stdout (format nothing)",
];
