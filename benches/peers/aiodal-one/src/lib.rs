//! The smallest crate with an `#[aiodal::test]`: what a first `cargo test` compiles, and what the first SELECT costs.
#![cfg(test)]

use aiodal::Transaction;

#[aiodal::test]
async fn first_select(tx: &mut Transaction) -> aiodal::Result<()> {
    let sql = "select current_setting('data_directory')";
    let row = tx.query_one(sql, &[]).await?;
    // The runner waits for this directory to go before it times the next start.
    println!("data_directory={}", row.get::<_, &str>(0));
    Ok(())
}
