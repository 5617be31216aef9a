//! COPY in both directions.

use std::pin::pin;

use bytes::Bytes;
use drivers::Outcome;
use futures_util::{SinkExt as _, TryStreamExt as _};
use tokio_postgres::binary_copy::{BinaryCopyInWriter, BinaryCopyOutStream};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error};

use super::{ADD, assert_fails, connect, count};

const IN: &str = "copy item (name, price) from stdin";
const ROWS: usize = 20_000;

pub(super) async fn exercise(url: &str) -> Outcome {
    text(url).await?;
    binary(url).await?;
    failing(url).await
}

async fn load(client: &Client, lines: &[String]) -> Result<u64, Error> {
    let mut sink = pin!(client.copy_in::<_, Bytes>(IN).await?);
    for lines in lines.chunks(500) {
        sink.send(Bytes::from(lines.concat())).await?;
    }
    sink.finish().await
}

async fn text(url: &str) -> Outcome {
    let (mut client, other) = (connect(url).await?, connect(url).await?);
    let lines: Vec<String> = (0..ROWS)
        .map(|number| format!("copied\t{number}\n"))
        .collect();
    assert_eq!(load(&client, &lines).await?, ROWS as u64);
    assert_eq!(count(&other, "copied").await?, i64::try_from(ROWS)?);

    let out = "copy (select price from item where name = 'copied') to stdout";
    let parts: Vec<Bytes> = other.copy_out(out).await?.try_collect().await?;
    let text = String::from_utf8(parts.concat())?;
    assert_eq!(text.lines().count(), ROWS);

    let tx = client.transaction().await?;
    let mut sink = pin!(tx.copy_in::<_, Bytes>(IN).await?);
    sink.send(Bytes::from("copied and rolled back\t1\n"))
        .await?;
    assert_eq!(sink.finish().await?, 1);
    tx.rollback().await?;
    assert_eq!(count(&other, "copied and rolled back").await?, 0);
    Ok(())
}

async fn binary(url: &str) -> Outcome {
    let client = connect(url).await?;
    let types = [Type::TEXT, Type::INT4];
    let sink = client
        .copy_in::<_, Bytes>("copy item (name, price) from stdin (format binary)")
        .await?;
    let mut writer = pin!(BinaryCopyInWriter::new(sink, &types));
    for price in 0..100_i32 {
        writer.as_mut().write(&[&"binary", &price]).await?;
    }
    assert_eq!(writer.finish().await?, 100);

    let out = "copy (select name, price from item where name = 'binary') to stdout (format binary)";
    let stream = BinaryCopyOutStream::new(client.copy_out(out).await?, &types);
    let rows: Vec<_> = stream.try_collect().await?;
    let sum: i32 = rows.iter().map(|row| row.get::<i32>(1)).sum();
    assert_eq!((rows.len(), sum), (100, 4950));
    Ok(())
}

async fn failing(url: &str) -> Outcome {
    let (mut client, other) = (connect(url).await?, connect(url).await?);
    let bad = ["bad\t1\n".to_owned(), "bad\tone\n".to_owned()];
    assert_fails(
        load(&client, &bad).await,
        &SqlState::INVALID_TEXT_REPRESENTATION,
    );
    assert_eq!(count(&client, "bad").await?, 0);

    // Left before its end.
    {
        let mut sink = pin!(client.copy_in::<_, Bytes>(IN).await?);
        sink.send(Bytes::from("abandoned\t1\n")).await?;
    }
    assert_eq!(count(&client, "abandoned").await?, 0);
    drop(client.copy_out("copy item to stdout").await?);
    assert_eq!(count(&client, "abandoned").await?, 0);

    let tx = client.transaction().await?;
    tx.execute(ADD, &[&"before a bad copy"]).await?;
    let mut sink = pin!(tx.copy_in::<_, Bytes>(IN).await?);
    // Whether the server's error comes with the lines or at their end is a matter of time.
    let _told_at_the_end = sink.send(Bytes::from("bad\tone\n")).await;
    assert_fails(sink.finish().await, &SqlState::INVALID_TEXT_REPRESENTATION);
    assert_fails(
        tx.execute(ADD, &[&"after it"]).await,
        &SqlState::IN_FAILED_SQL_TRANSACTION,
    );
    tx.rollback().await?;
    assert_eq!(count(&other, "before a bad copy").await?, 0);
    client.execute(ADD, &[&"after it"]).await?;
    assert_eq!(count(&other, "after it").await?, 1);
    Ok(())
}
