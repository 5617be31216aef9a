//! What is written of a row, byte by byte, and what is said of one that does not fit.

use std::cell::Cell;

use futures_util::stream::{self, Stream, StreamExt};
use tokio_postgres::types::Type;

use super::batches::RowBatches;
use super::{RowColumns, RowWriter, ToRow};
use crate::bulk::batch::{Batch, Form};
use crate::error::{Error, Result};

struct Author {
    id: i32,
    name: Option<&'static str>,
}

impl ToRow for Author {
    fn columns(columns: RowColumns) -> RowColumns {
        columns
            .column::<i32>("id", "id")
            .column::<Option<&str>>("name", "name")
    }

    fn write(&self, row: &mut RowWriter<'_>) -> Result<()> {
        row.field(&self.id)?;
        row.field(&self.name)
    }
}

struct Book {
    title: &'static str,
    author: Option<Author>,
}

impl ToRow for Book {
    fn columns(columns: RowColumns) -> RowColumns {
        columns
            .column::<&str>("title", "title")
            .nested::<Option<Author>>("author_")
    }

    fn write(&self, row: &mut RowWriter<'_>) -> Result<()> {
        row.field(&self.title)?;
        self.author.write(row)
    }
}

/// Writes what it is told to, whatever it says of its columns.
struct Liar(fn(&mut RowWriter<'_>) -> Result<()>);

impl ToRow for Liar {
    fn columns(columns: RowColumns) -> RowColumns {
        columns
            .column::<i32>("id", "id")
            .column::<i32>("age", "age")
    }

    fn write(&self, row: &mut RowWriter<'_>) -> Result<()> {
        (self.0)(row)
    }
}

fn columns(all: &[(&str, Type)]) -> Vec<(String, Type)> {
    let all = all.iter();
    all.map(|(name, ty)| ((*name).to_owned(), ty.clone()))
        .collect()
}

fn id_and_name() -> Vec<(String, Type)> {
    columns(&[("id", Type::INT4), ("name", Type::TEXT)])
}

/// Collects what comes, and that it goes on behind an error.
async fn collected(batches: impl Stream<Item = Result<Batch>>) -> Vec<Result<Batch, String>> {
    let told = batches.map(|batch| batch.map_err(|error| error.to_string()));
    told.collect().await
}

async fn bytes_of(rows: RowBatches<'_>, of: Vec<(String, Type)>) -> Vec<u8> {
    let batches = collected(rows.start(of, false).unwrap()).await;
    let data = batches.into_iter().map(|batch| batch.unwrap().data);
    data.collect::<Vec<_>>().concat()
}

fn refusal<T: ToRow + Send>(of: Vec<(String, Type)>) -> String {
    let rows = RowBatches::from_iter(Vec::<T>::new());
    let refused = rows.start(of, false).map(drop);
    refused.unwrap_err().to_string()
}

#[tokio::test]
async fn a_row_is_its_count_and_each_value_behind_its_length() {
    let authors = [
        Author {
            id: 7,
            name: Some("Hep"),
        },
        Author { id: 8, name: None },
    ];
    let written = bytes_of(RowBatches::from_iter(&authors), id_and_name()).await;
    let expected =
        b"\0\x02\0\0\0\x04\0\0\0\x07\0\0\0\x03Hep\0\x02\0\0\0\x04\0\0\0\x08\xff\xff\xff\xff";
    assert_eq!(
        written.escape_ascii().to_string(),
        expected.escape_ascii().to_string()
    );
    let tuples = RowBatches::from_stream(stream::iter([(7, Some("Hep")), (8, None)]));
    assert_eq!(tuples.header, None);
    assert_eq!(bytes_of(tuples, id_and_name()).await, expected);
}

#[tokio::test]
async fn a_nested_none_is_null_in_all_its_columns() {
    let books = [
        Book {
            title: "A",
            author: None,
        },
        Book {
            title: "B",
            author: Some(Author { id: 1, name: None }),
        },
    ];
    let rows = RowBatches::from_iter(books);
    let names = ["title", "author_id", "author_name"].map(str::to_owned);
    assert_eq!(rows.header.as_deref(), Some(&names[..]));
    assert_eq!(rows.width, 3);
    let of = [Type::TEXT, Type::INT4, Type::TEXT];
    let written = bytes_of(rows, names.into_iter().zip(of).collect()).await;
    let expected = b"\0\x03\0\0\0\x01A\xff\xff\xff\xff\xff\xff\xff\xff\0\x03\0\0\0\x01B\0\0\0\x04\0\0\0\x01\xff\xff\xff\xff";
    assert_eq!(written, expected);
}

#[test]
fn every_column_of_another_type_is_told_at_once() {
    let of = columns(&[("id", Type::INT8), ("name", Type::JSONB)]);
    assert_eq!(
        refusal::<Author>(of),
        "refused to write a row from Author: column \"id\" is int8, and Author.id, i32, is written as int4; its Rust type \
         is i64; column \"name\" is jsonb, and Author.name, Option<&str>, is written as text or varchar or bpchar or name; \
         write it with `#[aiodal(json)]`, or as a serde_json::Value"
    );
    let of = columns(&[
        ("title", Type::TEXT),
        ("id", Type::INT8),
        ("name", Type::TEXT),
    ]);
    let said = refusal::<Book>(of);
    assert!(said.contains("Author.id, i32"), "{said}");
    assert_eq!(
        refusal::<(i32, i32)>(columns(&[("id", Type::INT4)])),
        "refused to write a row from (i32, i32): it has 2 values, and there is 1 column: \"id\"; name as many as there \
         are values"
    );
}

#[tokio::test]
async fn batches_count_their_rows_and_keep_where_each_ends() {
    let rows = RowBatches::from_iter((0..30_000).map(|id| (id, "0123456789")));
    let batches = collected(rows.start(id_and_name(), true).unwrap()).await;
    let batches: Vec<Batch> = batches.into_iter().collect::<Result<_, _>>().unwrap();
    assert_eq!(batches.len(), 6);
    let mut next = 0;
    let mut consumed = 0;
    for batch in &batches {
        assert_eq!((batch.form, batch.first.record), (Form::Binary, next));
        assert!(batch.data.len() < 128 * 1024 + 24, "{}", batch.data.len());
        next += u64::from(batch.records);
        consumed += batch.data.len() as u64;
        assert_eq!(batch.consumed, consumed);
        let kept = batch.kept.as_ref().unwrap();
        let ends: Vec<u32> = (1..=batch.records).map(|count| count * 24).collect();
        assert_eq!(kept.data_ends, ends);
        assert_eq!(kept.raw_ends.len(), ends.len());
    }
    assert_eq!(next, 30_000);
}

#[tokio::test]
async fn others_have_their_turn_between_batches() {
    let turns = Cell::new(0);
    let rows = RowBatches::from_iter((0..30_000).map(|id| (id, "0123456789")));
    let batches = rows.start(id_and_name(), false).unwrap().count();
    let other = async {
        loop {
            turns.set(turns.get() + 1);
            tokio::task::yield_now().await;
        }
    };
    let count = tokio::select! {
        biased;
        count = batches => count,
        () = other => unreachable!("it has no end"),
    };
    assert_eq!((count, turns.get()), (6, 6));
}

#[tokio::test]
async fn a_row_that_cannot_be_written_leaves_no_half_and_the_rest_goes_on() {
    let of = columns(&[("id", Type::INT4), ("age", Type::INT4)]);
    let told = [
        "1 from 0",
        "rows of Liar, row 2, column age: no age is known",
        "rows of Liar, row 3, column age: it wrote 1 values of 2; its `write` has to write what its `columns` names",
        "rows of Liar, row 4, column id: i64 cannot be written as int4; its `write` has to write what its `columns` names",
        "1 from 4",
    ];
    let words = |batch: &Batch| format!("{} from {}", batch.records, batch.first.record);

    let rows = RowBatches::from_iter(liars());
    let batches = collected(rows.start(of.clone(), false).unwrap()).await;
    let batches: Vec<String> = batches
        .into_iter()
        .map(|batch| batch.map_or_else(|said| said, |batch| words(&batch)))
        .collect();
    assert_eq!(batches, told);

    // Kept records are refused in their batch, the one that they stand behind.
    let rows = RowBatches::from_iter(liars());
    let mut kept = Vec::new();
    for batch in collected(rows.start(of, true).unwrap()).await {
        let batch = batch.unwrap();
        let ends = &batch.kept.as_ref().unwrap().data_ends;
        assert_eq!(ends.len(), batch.records as usize);
        assert!(ends.iter().all(|end| *end == 18), "{ends:?}");
        if batch.records > 0 {
            kept.push(words(&batch));
        }
        kept.extend(batch.refused.iter().map(|refused| refused.row.to_string()));
    }
    assert_eq!(kept, told);
}

fn liars() -> [Liar; 5] {
    [
        Liar(|row| row.field(&1).and_then(|()| row.field(&2))),
        Liar(|row| {
            row.field(&3)
                .and_then(|()| Err(row.refuse("no age is known")))
        }),
        Liar(|row| row.field(&5)),
        Liar(|row| row.field(&7_i64)),
        Liar(|row| row.field(&9).and_then(|()| row.field(&10))),
    ]
}

#[tokio::test]
async fn more_values_than_columns_are_an_error() {
    let too_many: [Liar; 2] = [
        Liar(|row| (0..3).try_for_each(|id| row.field(&id))),
        Liar(|row| row.field(&1).and_then(|()| row.nulls(2))),
    ];
    let of = columns(&[("id", Type::INT4), ("age", Type::INT4)]);
    let rows = RowBatches::from_iter(too_many);
    for batch in collected(rows.start(of, false).unwrap()).await {
        let said = batch.unwrap_err();
        assert!(said.contains(": it wrote more values than 2; "), "{said}");
    }
}

#[tokio::test]
async fn a_value_that_does_not_fit_its_type_names_row_and_column() {
    #[derive(Debug)]
    struct Odd(i32);
    impl tokio_postgres::types::ToSql for Odd {
        fn to_sql(
            &self,
            ty: &Type,
            out: &mut bytes::BytesMut,
        ) -> Result<tokio_postgres::types::IsNull, crate::BoxError> {
            // What it has appended before it fails must not be sent.
            let written = self.0.to_sql(ty, out);
            if self.0 % 2 == 0 {
                Err("it is even".into())
            } else {
                written
            }
        }

        fn accepts(ty: &Type) -> bool {
            <i32 as tokio_postgres::types::ToSql>::accepts(ty)
        }

        tokio_postgres::types::to_sql_checked!();
    }
    let rows = RowBatches::from_iter([(Odd(1),), (Odd(2),), (Odd(3),)]);
    let of = columns(&[("id", Type::INT4)]);
    let batches = collected(rows.start(of, false).unwrap()).await;
    let told: Vec<Result<&[u8], &str>> = batches
        .iter()
        .map(|batch| {
            batch
                .as_ref()
                .map(|batch| &*batch.data)
                .map_err(|error| &**error)
        })
        .collect();
    assert_eq!(
        told,
        [
            Ok(&b"\0\x01\0\0\0\x04\0\0\0\x01"[..]),
            Err("rows of (Odd,), row 2, column id: it cannot be written as int4: it is even"),
            Ok(&b"\0\x01\0\0\0\x04\0\0\0\x03"[..]),
        ]
    );
}

#[tokio::test]
async fn a_stream_that_fails_ends_behind_what_came_before() {
    let rows = [Ok((1,)), Err("the wire broke"), Ok((2,))];
    let rows = RowBatches::from_try_stream(stream::iter(rows));
    let of = columns(&[("id", Type::INT4)]);
    let mut batches = rows.start(of, false).unwrap();
    assert_eq!(batches.next().await.unwrap().unwrap().records, 1);
    let error: Error = batches.next().await.unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "failed to read rows of (i32,): the wire broke"
    );
    assert!(batches.next().await.is_none());
    assert!(batches.next().await.is_none());
}
