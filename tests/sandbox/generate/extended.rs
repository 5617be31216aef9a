//! The extended protocol: statements and portals by name and without, and pipelines of them.

use super::Writer;
use super::text::one_of;
use crate::message::{Kind, Message};
use crate::random::Random;

/// PREPARE and its kin, which share their names with the protocol's statements.
pub(super) fn by_sql(random: &mut Random) -> String {
    one_of(random, BY_SQL)
}

impl Writer {
    /// One unit, or a pipeline of several.
    pub(super) fn extended(&mut self) {
        let units = if self.random.chance(1, 4) {
            self.random.between(2, 4)
        } else {
            1
        };
        for unit in 1..=units {
            match self.random.below(8) {
                0..4 => self.whole(),
                4 => self.prepared(),
                5 => self.portal(),
                6 => self.fragments(),
                _ => {
                    self.whole();
                    self.whole();
                }
            }
            self.sync(unit < units);
        }
    }

    pub(super) fn copy_by_extended(&mut self, sql: &str) {
        self.parse("", sql.to_owned());
        self.bind("", "", Vec::new());
        self.execute("", 0);
        let message = match self.random.below(2) {
            0 => Message::Flush,
            _ => Message::Sync { more: false },
        };
        self.say(message.clone());
        if message == Message::Flush {
            self.say(Message::Sync { more: false });
        }
    }

    /// A statement as most drivers run it.
    pub(super) fn by_extended(&mut self, sql: String) {
        let name = *self.random.pick::<&str>(&["", "", "", "s"]);
        if !name.is_empty() {
            self.say(Message::Close(Kind::Statement, name.to_owned()));
        }
        self.parse(name, sql);
        self.bound(name, Vec::new());
        self.say(Message::Sync { more: false });
    }

    fn sync(&mut self, more: bool) {
        if self.random.chance(1, 8) {
            self.say(Message::Flush);
        }
        // Once in a while the unit goes on, and what comes next is sent right behind it.
        if self.random.chance(15, 16) {
            self.say(Message::Sync { more });
        }
    }

    /// All that a driver sends for one statement.
    fn whole(&mut self) {
        let name = self.statement_name();
        let (sql, values) = self.sql();
        if !name.is_empty() && self.random.chance(1, 2) {
            self.say(Message::Close(Kind::Statement, name.to_owned()));
        }
        self.parse(name, sql);
        if self.random.chance(1, 2) {
            self.say(Message::Describe(Kind::Statement, name.to_owned()));
        }
        if self.random.chance(1, 8) {
            self.say(Message::Flush);
        }
        self.bound(name, values);
    }

    fn bound(&mut self, name: &str, values: Vec<Option<String>>) {
        let portal = self.portal_name();
        self.bind(portal, name, values);
        if self.random.chance(1, 2) {
            self.say(Message::Describe(Kind::Portal, portal.to_owned()));
        }
        let max = *self.random.pick(&[0, 0, 0, 1, 2]);
        self.execute(portal, max);
        if self.random.chance(1, 6) {
            self.execute(portal, max);
        }
        if self.random.chance(1, 6) {
            self.say(Message::Close(Kind::Portal, portal.to_owned()));
        }
    }

    /// A statement that may have been prepared in another unit.
    fn prepared(&mut self) {
        let name = self.statement_name();
        let values = self.values();
        self.bound(name, values);
    }

    /// A portal that may have been opened in another unit.
    fn portal(&mut self) {
        let portal = self.portal_name();
        let max = *self.random.pick(&[0, 1, 2]);
        self.execute(portal, max);
    }

    /// Any messages in any order.
    fn fragments(&mut self) {
        for _ in 0..self.random.between(1, 3) {
            let (statement, portal) = (self.statement_name(), self.portal_name());
            match self.random.below(7) {
                0 => {
                    let (sql, _) = self.sql();
                    self.parse(statement, sql);
                }
                1 => {
                    let values = self.values();
                    self.bind(portal, statement, values);
                }
                2 if self.may_fetch(statement) => {}
                2 => self.say(Message::Describe(Kind::Statement, statement.to_owned())),
                3 => self.say(Message::Describe(Kind::Portal, portal.to_owned())),
                4 => self.say(Message::Close(Kind::Statement, statement.to_owned())),
                5 => self.say(Message::Close(Kind::Portal, portal.to_owned())),
                _ => self.execute(portal, 1),
            }
        }
    }

    /// Whether a FETCH has that name: to describe it once its cursor is gone ends PostgreSQL, with the connections of all.
    fn may_fetch(&self, statement: &str) -> bool {
        let mut messages = self.script.0.iter().map(|(_, message)| message);
        messages.any(|message| {
            matches!(message, Message::Parse { name, sql } if name == statement && sql.to_lowercase().contains("fetch"))
        })
    }

    fn sql(&mut self) -> (String, Vec<Option<String>>) {
        match self.random.below(3) {
            0 => (super::statement(&mut self.random), Vec::new()),
            1 => (one_of(&mut self.random, PLAIN), Vec::new()),
            _ => {
                let sql = one_of(&mut self.random, WITH_ONE);
                (sql, vec![self.value()])
            }
        }
    }

    fn value(&mut self) -> Option<String> {
        let value = *self
            .random
            .pick(&[Some("1"), Some("2"), Some("a"), Some(""), None]);
        value.map(str::to_owned)
    }

    /// One as a rule, as most statements with values have one.
    fn values(&mut self) -> Vec<Option<String>> {
        let number = *self.random.pick(&[0, 1, 1, 1, 2]);
        (0..number).map(|_| self.value()).collect()
    }

    fn statement_name(&mut self) -> &'static str {
        self.random.pick::<&str>(&["", "", "s", "q", "S r"])
    }

    fn portal_name(&mut self) -> &'static str {
        self.random.pick::<&str>(&["", "", "", "p", "c"])
    }

    /// A FETCH has no name: EXECUTE of it once its cursor is gone ends PostgreSQL as well.
    fn parse(&mut self, name: &str, sql: String) {
        let is_fetch = sql.to_lowercase().contains("fetch");
        let name = if is_fetch { "" } else { name }.to_owned();
        self.say(Message::Parse { name, sql });
    }

    fn bind(&mut self, portal: &str, statement: &str, values: Vec<Option<String>>) {
        let (portal, statement) = (portal.to_owned(), statement.to_owned());
        let binary = self.random.chance(1, 4);
        self.say(Message::Bind {
            portal,
            statement,
            binary,
            values,
        });
    }

    fn execute(&mut self, portal: &str, max: i32) {
        let portal = portal.to_owned();
        self.say(Message::Execute { portal, max });
    }
}

const BY_SQL: &[&str] = &[
    "prepare s as select #",
    "prepare q (int) as select $1 + #",
    "prepare q (text) as insert into author (name) values ($1) returning name",
    "prepare \"S r\" as insert into log values ('@')",
    "prepare s as selec 1",
    "execute s",
    "execute q (#)",
    "execute q ('@')",
    "execute \"S r\"",
    "EXECUTE nowhere",
    "deallocate s",
    "deallocate prepare q",
    "deallocate \"S r\"",
    "deallocate all",
    "deallocate prepare all",
    // Of a name that no Parse gives: `s` may be `execute s`, which PostgreSQL explains until its stack ends, and all its sessions with it.
    "prepare r (int) as select $1 + #",
    "explain (costs off) execute r (#)",
    "create temp table mine as execute s",
];

const PLAIN: &[&str] = &[
    "select n from generate_series(1, 5) n",
    "select n, 1/(3-n) from generate_series(1, 5) n",
    "insert into log values ('@') returning line",
    "begin",
    "commit",
    "rollback",
    "savepoint s",
    "rollback to s",
    "release s",
    "",
    "select 1; select 2",
    "begin; select 1",
    "select * from author order by id",
    "commit and chain",
    "start transaction read only",
];

const WITH_ONE: &[&str] = &[
    "select $1::int + #",
    "select $1::text",
    "insert into author (name) values ($1) returning id",
    "insert into log values ($1)",
    "insert into review (book, stars) values (#, $1)",
    "update shelf set place = $1 where place = #",
    "select name from author where id = $1",
    "select n from generate_series(1, $1) n",
    "select set_config('work_mem', $1 || 'MB', false)",
    "select set_config('my.own', $1, true)",
    "select $1, nothing",
];
