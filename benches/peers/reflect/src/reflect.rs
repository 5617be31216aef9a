//! Contestant: aiodal's reflection, and the floor of it.
//!
//! Reads what to measure from standard input, a word each line, and answers with milliseconds.

use std::io::BufRead;
use std::time::Instant;

use aiodal_core::{BoxError, Pool, Reflect, Schema, Transaction, schema::Table};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let url = std::env::args().nth(1).ok_or("the URL is missing")?;
    let warm = aiodal_core::connect(&url).await?;
    for line in std::io::stdin().lock().lines() {
        println!("{}", measure(&url, &warm, &line?).await?);
    }
    Ok(())
}

async fn measure(url: &str, warm: &Pool, what: &str) -> Result<f64, BoxError> {
    let fresh;
    let pool = if what.ends_with("warm") {
        warm
    } else {
        fresh = aiodal_core::connect(url).await?;
        &fresh
    };
    let tx = Transaction::begin(pool).await?;
    // BEGIN is part of what is sent first.
    tx.batch_execute("select").await?;
    let options = Reflect::new().functions(false);
    let begun = Instant::now();
    match what {
        "warm" | "fresh" => {
            let schema = Schema::reflect(&tx, &options).await?;
            check(schema.tables.len(), 100)?;
        }
        "floor-warm" | "floor-fresh" => {
            check(aiodal_core::receive_only(&tx, &options).await?, 1000)?;
        }
        "one" => {
            let table = Table::reflect(&tx, "item_17").await?;
            check(table.columns.len(), 10)?;
        }
        other => return Err(format!("nobody knows how to measure `{other}`").into()),
    }
    let taken = begun.elapsed();
    tx.rollback().await?;
    Ok(taken.as_secs_f64() * 1e3)
}

fn check(number: usize, least: usize) -> Result<(), BoxError> {
    if number < least {
        return Err(format!("{number} of something, where there are {least}").into());
    }
    Ok(())
}
