//! A column of a type twice: filled from text, and from what a converter made of it.

use aiodal::{Row, Transaction};
use bytes::Bytes;
use tokio_postgres::types::Type;

use super::bulk::convert::{Converter, Session};
use super::compare::Taken;

/// What a column of binary data begins with (PostgreSQL manual, COPY, "Binary Format"): its signature and no flags.
const SIGNATURE: &[u8] = b"PGCOPY\n\xFF\r\n\0\0\0\0\0\0\0\0\0";

/// A column of a type, in a table for each way.
#[derive(Clone, Debug)]
pub(super) struct Table {
    number: usize,
    of: Type,
    modifier: i32,
    /// The function that writes its values in binary.
    send: String,
}

/// How values get to the server.
#[derive(Clone, Copy, Debug)]
pub(super) enum By {
    Text,
    Binary,
}

/// A COPY into one of the two.
#[derive(Debug)]
pub(super) struct Copy {
    by: By,
    sql: String,
}

impl Table {
    pub(super) async fn create(tx: &Transaction, number: usize, of: &str) -> aiodal::Result<Table> {
        let sql = format!(
            "create temp table text_{number} (n int, v {of}); \
             create temp table binary_{number} (n int, v {of})"
        );
        tx.batch_execute(&sql).await?;
        let sql = format!("select v from text_{number}");
        let prepared = tx.client().prepare(&sql).await;
        let prepared = prepared.expect("the table is there");
        let column = &prepared.columns()[0];
        let sql = "select typsend::regproc::text from pg_attribute join pg_type on pg_type.oid = atttypid \
            where attrelid = ('text_' || $1::text)::regclass and attname = 'v'";
        let row = tx.query_one(sql, &[&number.to_string()]).await?;
        Ok(Table {
            number,
            of: column.type_().clone(),
            modifier: column.type_modifier(),
            send: row.get(0),
        })
    }

    pub(super) fn converter(&self, session: &Session) -> Option<Converter> {
        Converter::of(&self.of, self.modifier, session)
    }

    pub(super) fn copy(&self, by: By) -> Copy {
        let number = self.number;
        let sql = match by {
            By::Text => format!("copy text_{number} from stdin (format csv)"),
            By::Binary => format!("copy binary_{number} from stdin (format binary)"),
        };
        Copy { by, sql }
    }

    /// Returns which values are not the same in both, and what they are.
    pub(super) async fn differences(
        &self,
        tx: &Transaction,
    ) -> aiodal::Result<Vec<(usize, String)>> {
        let Table { number, send, .. } = self;
        let sql = format!(
            "select n, concat_ws(' ', t.v::text, {send}(t.v), 'but', b.v::text, {send}(b.v)) \
             from text_{number} t join binary_{number} b using (n) \
             where {send}(t.v) is distinct from {send}(b.v) or t.v::text is distinct from b.v::text"
        );
        let rows = tx.query(&sql, &[]).await?;
        let difference = |row: &Row| {
            let number: i32 = row.get(0);
            let number = usize::try_from(number).expect("as it was numbered");
            (number, row.get(1))
        };
        Ok(rows.iter().map(difference).collect())
    }
}

impl Copy {
    /// Copies values in, or none; returns the code if the server refuses.
    pub(super) async fn run(
        &self,
        tx: &mut Transaction,
        rows: impl Iterator<Item = (usize, &Taken)>,
    ) -> aiodal::Result<Option<String>> {
        let data = match self.by {
            By::Text => csv(rows),
            By::Binary => binary(rows),
        };
        let mut savepoint = tx.savepoint().await?;
        let mut copy = savepoint.copy_in(&self.sql).await?;
        copy.send(Bytes::from(data)).await?;
        match copy.finish().await {
            Ok(_) => savepoint.commit().await.map(|()| None),
            Err(error) => {
                savepoint.rollback().await?;
                let code = error.code().map(|code| code.code().to_owned());
                Ok(Some(code.ok_or(error)?))
            }
        }
    }
}

fn csv<'a>(rows: impl Iterator<Item = (usize, &'a Taken)>) -> Vec<u8> {
    let mut data = Vec::new();
    for (number, value) in rows {
        data.extend_from_slice(format!("{number},\"").as_bytes());
        for byte in &value.text {
            data.extend(std::iter::repeat_n(*byte, 1 + usize::from(*byte == b'"')));
        }
        data.extend_from_slice(b"\"\n");
    }
    data
}

fn binary<'a>(rows: impl Iterator<Item = (usize, &'a Taken)>) -> Vec<u8> {
    let mut data = SIGNATURE.to_vec();
    for (number, value) in rows {
        let number = i32::try_from(number).expect("few values");
        let length = i32::try_from(value.binary.len()).expect("a short value");
        data.extend_from_slice(&2_i16.to_be_bytes());
        data.extend_from_slice(&4_i32.to_be_bytes());
        data.extend_from_slice(&number.to_be_bytes());
        data.extend_from_slice(&length.to_be_bytes());
        data.extend_from_slice(&value.binary);
    }
    data.extend_from_slice(&(-1_i16).to_be_bytes());
    data
}
