//! Random scripts: what clients of any driver may do, right and wrong.

mod control;
mod copy;
mod cursors;
mod extended;
mod objects;
mod rows;
mod settings;
mod stories;
mod text;

use crate::message::{Kind, Message};
use crate::random::Random;
use crate::script::Script;

/// A script that is being written, and the chance that writes it.
struct Writer {
    random: Random,
    script: Script,
    clients: usize,
    /// Whose turn it is.
    client: usize,
}

/// Returns the script of a seed.
pub(crate) fn script(seed: u64) -> Script {
    let mut random = Random::new(seed);
    let most = *random.pick(&[1, 2, 3, 6]);
    let clients = random.between(1, most);
    let turns = random.between(3, 25);
    let mut writer = Writer {
        random,
        script: Script::default(),
        clients,
        client: 1,
    };
    for _ in 0..turns {
        writer.client = writer.random.between(1, clients);
        writer.turn();
    }
    writer.script
}

impl Writer {
    fn say(&mut self, mut message: Message) {
        if let (Message::Query(sql) | Message::Parse { sql, .. }, 2..) =
            (&mut message, self.clients)
        {
            *sql = text::with_own_names(sql, self.client);
        }
        if let (
            Message::Bind { portal: name, .. }
            | Message::Execute { portal: name, .. }
            | Message::Describe(Kind::Portal, name)
            | Message::Close(Kind::Portal, name),
            2..,
        ) = (&mut message, self.clients)
        {
            *name = text::with_own_names(name, self.client);
        }
        self.script.0.push((self.client, message));
    }

    fn query(&mut self, sql: String) {
        self.say(Message::Query(sql));
    }

    /// What one client does before it is another's turn.
    fn turn(&mut self) {
        match self.random.below(40) {
            0 => self.arrive(),
            1 => self.say(Message::Terminate),
            2 => self.say(Message::Drop),
            3..9 => self.transaction(),
            9..12 => self.transaction_in_pieces(),
            12..20 => self.story(),
            20..25 => self.extended(),
            25 => self.copy(),
            26 => self.query("begin".to_owned()),
            27 => self.query("commit".to_owned()),
            28 => self.query("rollback".to_owned()),
            29..32 => self.several(),
            _ => self.one(),
        }
    }

    fn arrive(&mut self) {
        let parameters = settings::startup(&mut self.random);
        self.say(Message::Connect(parameters));
    }

    /// A transaction as an application has it: it begins, works and ends; often it goes on after its turn.
    fn transaction(&mut self) {
        let begin = control::begin(&mut self.random);
        self.query(begin);
        for _ in 0..self.random.between(1, 5) {
            self.work();
        }
        if self.random.chance(3, 4) {
            let end = control::end(&mut self.random);
            self.query(end);
        }
    }

    /// The same, with savepoints.
    fn transaction_in_pieces(&mut self) {
        self.query("begin".to_owned());
        for _ in 0..self.random.between(1, 4) {
            let savepoint = control::savepoint(&mut self.random);
            self.query(savepoint);
            for _ in 0..self.random.below(3) {
                self.work();
            }
            let settle = control::settle(&mut self.random);
            self.query(settle);
        }
        if self.random.chance(3, 4) {
            let end = control::end(&mut self.random);
            self.query(end);
        }
    }

    fn work(&mut self) {
        match self.random.below(10) {
            0..2 => self.extended(),
            2 => self.copy(),
            _ => self.one(),
        }
    }

    fn one(&mut self) {
        let sql = statement(&mut self.random);
        let sql = text::disguised(&mut self.random, &sql);
        self.query(sql);
    }

    /// Several statements in one string.
    fn several(&mut self) {
        let mut sql = String::new();
        for _ in 0..self.random.between(2, 5) {
            let next = match self.random.below(3) {
                0 => control::any(&mut self.random),
                _ => statement(&mut self.random),
            };
            sql.push_str(&text::disguised(&mut self.random, &next));
            sql.push_str(
                self.random
                    .pick::<&str>(&[";", "; ", ";\n", ";;", " ; -- ;\n"]),
            );
        }
        self.query(sql);
    }
}

fn statement(random: &mut Random) -> String {
    match random.below(20) {
        0..10 => rows::statement(random),
        10..13 => settings::statement(random),
        13..15 => objects::statement(random),
        15..17 => cursors::statement(random),
        17 => extended::by_sql(random),
        _ => control::any(random),
    }
}
