//! sqlx.

use std::fs::File;
use std::io::Read;

use sqlx::postgres::PgConnection;
use sqlx::{Connection, Executor};

use crate::{Job, Result};

const PIECE: usize = 256 << 10;

pub(crate) async fn run(job: &Job) -> Result<()> {
    if job.what != "csv" {
        return Err(format!("there is no job `{}`", job.what).into());
    }
    let mut connection = PgConnection::connect(&job.url).await?;
    connection.execute("begin").await?;
    let sql = format!("copy {} from stdin (format csv)", job.table);
    let mut copy = connection.copy_in_raw(&sql).await?;
    let mut file = File::open(&job.file)?;
    let mut piece = vec![0; PIECE];
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            break;
        }
        copy.send(&piece[..read]).await?;
    }
    copy.finish().await?;
    connection.execute("commit").await?;
    connection.close().await?;
    Ok(())
}
