//! A converter beside a server.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use aiodal::Transaction;

use super::bulk::convert::Session;
use super::table::{By, Copy, Table};
use super::types::{CREATE, Column};

const SETTINGS: &str = "select current_setting('datestyle'), current_setting('intervalstyle'), current_setting('timezone'), \
    current_setting('array_nulls'), current_setting('server_encoding'), current_setting('server_version_num')::int";

/// Compares what a server stores of text with what it stores of what a converter has made of it.
pub(super) struct Comparison<'a> {
    tx: &'a mut Transaction,
    session: Session,
    settings: String,
    /// How many values there were, and how many of them a converter took.
    tried: u64,
    taken: u64,
    /// Those that the server has refused both ways.
    refused: u64,
    problems: Vec<String>,
    tables: BTreeMap<&'static str, Table>,
}

/// A value that a converter has taken.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    pub(super) text: Vec<u8>,
    pub(super) binary: Vec<u8>,
}

impl<'a> Comparison<'a> {
    pub(super) async fn new(tx: &'a mut Transaction) -> aiodal::Result<Comparison<'a>> {
        tx.batch_execute(CREATE).await?;
        let session = session(tx).await?;
        Ok(Comparison {
            tx,
            session,
            settings: String::new(),
            tried: 0,
            taken: 0,
            refused: 0,
            problems: Vec::new(),
            tables: BTreeMap::new(),
        })
    }

    /// Goes on under other settings.
    pub(super) async fn set(&mut self, settings: &str) -> aiodal::Result<()> {
        self.tx.batch_execute(settings).await?;
        self.session = session(self.tx).await?;
        settings.clone_into(&mut self.settings);
        Ok(())
    }

    /// Compares values of a type.
    pub(super) async fn check(&mut self, of: &Column, values: Vec<Vec<u8>>) -> aiodal::Result<()> {
        self.tried += values.len() as u64;
        let table = self.table(of).await?;
        let Some(converter) = table.converter(&self.session) else {
            return Ok(());
        };
        let taken = values.into_iter().filter_map(|text| {
            // What is there already is to stay.
            let mut out = b"kept".to_vec();
            converter.convert(&text, &mut out).ok()?;
            let binary = out.strip_prefix(b"kept").expect("it is kept").to_vec();
            Some(Taken { text, binary })
        });
        let taken: Vec<Taken> = taken.collect();
        self.taken += taken.len() as u64;
        if taken.is_empty() {
            return Ok(());
        }
        let mut savepoint = self.tx.savepoint().await?;
        let by_text = load(&mut savepoint, &table.copy(By::Text), &taken).await?;
        let by_binary = load(&mut savepoint, &table.copy(By::Binary), &taken).await?;
        let differences = table.differences(&savepoint).await?;
        savepoint.rollback().await?;
        for (number, value) in taken.iter().enumerate() {
            let (text, binary) = (by_text.get(&number), by_binary.get(&number));
            self.refused += u64::from(text.is_some());
            if text != binary {
                let text = text.map_or("stored", String::as_str);
                let binary = binary.map_or("stored", String::as_str);
                self.problem(of, value, &format!("as text {text}, as binary {binary}"));
            }
        }
        for (number, difference) in differences {
            self.problem(of, &taken[number], &difference);
        }
        Ok(())
    }

    /// Returns which of the values that the server writes by default the converter leaves to it.
    pub(super) async fn deferred(&mut self, of: &Column) -> aiodal::Result<Vec<String>> {
        let Some(written) = of.written else {
            return Ok(Vec::new());
        };
        let converter = self.table(of).await?.converter(&self.session);
        let converter = converter.unwrap_or_else(|| panic!("no converter for {}", of.name));
        let name = of.name;
        let sql = format!("select ({written})::{name}::text from generate_series(1, 1000) n");
        let rows = self.tx.query(&sql, &[]).await?;
        let texts = rows.iter().map(|row| row.get::<_, String>(0));
        let is_deferred =
            |text: &String| converter.convert(text.as_bytes(), &mut Vec::new()).is_err();
        Ok(texts.filter(is_deferred).collect())
    }

    /// Fails if anything differed.
    pub(super) fn pass(&self, what: &str) {
        let problems = &self.problems;
        assert!(problems.is_empty(), "{what}: {}", problems.join("\n"));
    }

    async fn table(&mut self, of: &Column) -> aiodal::Result<Table> {
        if let Some(table) = self.tables.get(of.name) {
            return Ok(table.clone());
        }
        let table = Table::create(self.tx, self.tables.len(), of.name).await?;
        self.tables.insert(of.name, table.clone());
        Ok(table)
    }

    fn problem(&mut self, of: &Column, value: &Taken, what: &str) {
        let text = value.text.escape_ascii();
        let settings = &self.settings;
        let problem = format!("{} `{text}`: {what} ({settings})", of.name);
        self.problems.push(problem);
    }
}

impl fmt::Display for Comparison<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (tried, taken, refused) = (self.tried, self.taken, self.refused);
        write!(
            f,
            "{tried} values, of which {taken} were taken and {refused} refused by the server"
        )
    }
}

async fn session(tx: &Transaction) -> aiodal::Result<Session> {
    let row = tx.query_one(SETTINGS, &[]).await?;
    let version: i32 = row.get(5);
    Ok(Session {
        date_style: row.get(0),
        interval_style: row.get(1),
        time_zone: row.get(2),
        array_nulls: row.get(3),
        server_encoding: row.get(4),
        server_version: version.cast_unsigned(),
    })
}

/// Loads values; returns which are refused, with the server's code.
async fn load(
    tx: &mut Transaction,
    into: &Copy,
    values: &[Taken],
) -> aiodal::Result<BTreeMap<usize, String>> {
    let mut refused = BTreeMap::new();
    let mut left = Vec::from([Range {
        start: 0,
        end: values.len(),
    }]);
    while let Some(range) = left.pop() {
        if range.is_empty() {
            continue;
        }
        let rows = range.clone().map(|number| (number, &values[number]));
        let Some(code) = into.run(tx, rows).await? else {
            continue;
        };
        if range.len() == 1 {
            refused.insert(range.start, code);
        } else {
            let middle = usize::midpoint(range.start, range.end);
            left.extend([range.start..middle, middle..range.end]);
        }
    }
    Ok(refused)
}
