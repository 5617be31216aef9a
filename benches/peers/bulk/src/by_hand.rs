//! tokio-postgres, as one writes it who knows its traps: large pieces, fed and not sent.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::pin::pin;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio_postgres::NoTls;

use crate::{Job, Result};

const PIECE: usize = 256 << 10;

pub(crate) async fn run(job: &Job) -> Result<()> {
    let (mut client, connection) = tokio_postgres::connect(&job.url, NoTls).await?;
    let driver = tokio::spawn(connection);
    let table = &job.table;
    let tx = client.transaction().await?;
    let options = match job.what.as_str() {
        "csv" | "export" => "format csv",
        // No byte of valid JSON is special then.
        "json" => "format csv, quote e'\\x01', delimiter e'\\x02'",
        other => return Err(format!("there is no job `{other}`").into()),
    };
    if job.what == "export" {
        let sql = format!("copy {table} to stdout ({options})");
        let mut rows = pin!(tx.copy_out(&sql).await?);
        let mut file = BufWriter::with_capacity(PIECE, File::create(&job.file)?);
        while let Some(row) = rows.next().await {
            file.write_all(&row?)?;
        }
        file.flush()?;
    } else {
        let sql = format!("copy {table} from stdin ({options})");
        let mut sink = pin!(tx.copy_in::<_, Bytes>(&sql).await?);
        let mut file = File::open(&job.file)?;
        loop {
            let mut piece = vec![0; PIECE];
            let read = file.read(&mut piece)?;
            if read == 0 {
                break;
            }
            piece.truncate(read);
            sink.feed(piece.into()).await?;
        }
        sink.finish().await?;
    }
    tx.commit().await?;
    drop(client);
    driver.await??;
    Ok(())
}
