//! A migrator of sqlx's builds the schema of a session: here, because sqlx stays out of the project's lock file.
#![cfg(test)]

use aiodal::{BoxError, Migrations, Session, Transaction};
use sqlx::{Connection, PgConnection, migrate::Migrator};

static MIGRATOR: Migrator = sqlx::migrate!();

struct Migrated;

#[aiodal::session]
impl Session for Migrated {
    fn migrations() -> Migrations {
        Migrations::run("sqlx", |url| async move {
            let mut connection = PgConnection::connect(&url.connection_string()).await?;
            MIGRATOR.run(&mut connection).await?;
            connection.close().await?;
            Ok::<_, BoxError>(())
        })
        .input("migrations")
    }
}

#[aiodal::test]
async fn schema_and_history_are_those_of_sqlx(tx: &Transaction) -> aiodal::Result<()> {
    let names: i64 = tx.query_scalar("select count(*) from item", &[]).await?;
    let applied: i64 = tx
        .query_scalar("select count(*) from _sqlx_migrations where success", &[])
        .await?;
    assert_eq!((names, applied), (1, 3));
    Ok(())
}
