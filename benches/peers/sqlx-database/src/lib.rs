//! Contestant: `#[sqlx::test]`, three hundred times one inserted row and one count, each in a database of its own with the
//! migrations of a directory.
#![cfg(test)]

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, PgPool, SqlSafeStr};

/// What `migrate!` embeds when it compiles; read when it runs, so that one binary does for every number of migrations.
static MIGRATOR: LazyLock<Migrator> = LazyLock::new(|| {
    let directory = std::env::var("BENCH_MIGRATIONS").expect("the runner says where they are");
    let mut migrations: Vec<_> = std::fs::read_dir(directory)
        .expect("the directory is there")
        .map(|entry| migration(&entry.expect("it can be listed").path()))
        .collect();
    migrations.sort();
    Migrator {
        migrations: Cow::Owned(migrations),
        ..Migrator::DEFAULT
    }
});

fn migration(path: &PathBuf) -> Migration {
    let sql = std::fs::read_to_string(path).expect("a migration can be read");
    let name = Path::file_stem(path).and_then(|stem| stem.to_str());
    let (version, description) = name
        .and_then(|name| name.split_once('_'))
        .expect("its name is <version>_<description>.sql");
    Migration::new(
        version.parse().expect("a version is a number"),
        description.to_owned().into(),
        MigrationType::Simple,
        AssertSqlSafe(sql).into_sql_str(),
        false,
    )
}

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
    #[sqlx::test(migrator = "MIGRATOR")]
    async fn inserts_and_counts(pool: PgPool) -> sqlx::Result<()> {
        insert_and_count(&pool).await
    }
}
