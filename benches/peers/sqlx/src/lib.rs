//! Contestant: `#[sqlx::test]`, three hundred times one inserted row and one count, each in a database of its own.
#![cfg(test)]

use sqlx::PgPool;

async fn insert_and_count(pool: &PgPool) -> sqlx::Result<()> {
    sqlx::query("insert into item (name) values ($1)")
        .bind("lamp")
        .execute(pool)
        .await?;
    let count: i64 = sqlx::query_scalar("select count(*) from item")
        .fetch_one(pool)
        .await?;
    assert_eq!(count, 1);
    Ok(())
}

peer_cases::three_hundred! {
    #[sqlx::test(migrations = "../cases/migrations")]
    async fn inserts_and_counts(pool: PgPool) -> sqlx::Result<()> {
        insert_and_count(&pool).await
    }
}
