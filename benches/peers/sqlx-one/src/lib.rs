//! The smallest crate with an `#[sqlx::test]`: what a first `cargo test` compiles.
#![cfg(test)]

use sqlx::PgPool;

#[sqlx::test]
async fn first_select(pool: PgPool) -> sqlx::Result<()> {
    let directory: String = sqlx::query_scalar("select current_setting('data_directory')")
        .fetch_one(&pool)
        .await?;
    println!("data_directory={directory}");
    Ok(())
}
