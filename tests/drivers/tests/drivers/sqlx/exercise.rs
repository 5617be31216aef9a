//! What either version goes through.

use std::time::Duration;

use drivers::Outcome;
use futures_util::TryStreamExt as _;
use futures_util::future::try_join_all;

use super::sqlx::postgres::{PgConnection, PgListener, PgPool, PgPoolOptions};
use super::sqlx::{self, Acquire as _, Connection as _, Error, Executor as _, Row as _};

mod types;

const ADD: &str = "insert into item (name) values ($1)";
const COUNT: &str = "select count(*) from item where name = $1";

pub(super) async fn exercise(url: &str) -> Outcome {
    let options = PgPoolOptions::new().max_connections(4);
    let pool = options
        .acquire_timeout(Duration::from_secs(30))
        .connect(url)
        .await?;
    transactions(&pool).await?;
    errors(&pool).await?;
    statements(url, &pool).await?;
    bulk(&pool).await?;
    at_once(&pool).await?;
    notifications(&pool).await?;
    types::exercise(&pool).await?;
    pool.close().await;
    Ok(())
}

async fn count(pool: &PgPool, name: &str) -> Result<i64, Error> {
    sqlx::query_scalar(COUNT).bind(name).fetch_one(pool).await
}

#[track_caller]
fn assert_fails<T>(result: Result<T, Error>, code: &str) {
    match result {
        Ok(_) => panic!("it should have failed with {code}"),
        Err(Error::Database(error)) => assert_eq!(error.code().as_deref(), Some(code), "{error}"),
        Err(error) => panic!("{error:?}"),
    }
}

async fn transactions(pool: &PgPool) -> Outcome {
    for (name, commits) in [("committed", true), ("rolled back", false)] {
        let mut tx = pool.begin().await?;
        sqlx::query(ADD).bind(name).execute(&mut *tx).await?;
        if commits {
            tx.commit().await?;
        } else {
            tx.rollback().await?;
        }
        assert_eq!(count(pool, name).await?, i64::from(commits));
    }
    {
        let mut tx = pool.begin().await?;
        sqlx::query(ADD).bind("dropped").execute(&mut *tx).await?;
    }
    assert_eq!(count(pool, "dropped").await?, 0);

    let mut tx = pool.begin().await?;
    sqlx::query(ADD).bind("outer").execute(&mut *tx).await?;
    let mut nested = tx.begin().await?;
    sqlx::query(ADD).bind("inner").execute(&mut *nested).await?;
    let mut innermost = nested.begin().await?;
    sqlx::query(ADD)
        .bind("innermost")
        .execute(&mut *innermost)
        .await?;
    innermost.rollback().await?;
    nested.commit().await?;
    {
        let mut nested = tx.begin().await?;
        sqlx::query(ADD)
            .bind("dropped")
            .execute(&mut *nested)
            .await?;
    }
    tx.commit().await?;
    for (name, expected) in [("outer", 1), ("inner", 1), ("innermost", 0), ("dropped", 0)] {
        assert_eq!(count(pool, name).await?, expected, "{name}");
    }
    Ok(())
}

async fn errors(pool: &PgPool) -> Outcome {
    let negative = "insert into item (name, price) values ('negative', -1)";
    let mut connection = pool.acquire().await?;
    assert_fails(
        sqlx::query(negative).execute(&mut *connection).await,
        "23514",
    );
    assert_fails(
        sqlx::query("selec 1").execute(&mut *connection).await,
        "42601",
    );
    let after = sqlx::query(ADD).bind("after").execute(&mut *connection);
    after.await?;
    drop(connection);
    assert_eq!(count(pool, "after").await?, 1);

    let mut tx = pool.begin().await?;
    sqlx::query(ADD).bind("failed").execute(&mut *tx).await?;
    assert_fails(sqlx::query(negative).execute(&mut *tx).await, "23514");
    assert_fails(sqlx::query("select 1").execute(&mut *tx).await, "25P02");
    assert_fails((&mut *tx).execute("select 1").await, "25P02");
    tx.commit().await?;
    assert_eq!(count(pool, "failed").await?, 0);

    let mut tx = pool.begin().await?;
    {
        let mut nested = tx.begin().await?;
        assert_fails(sqlx::query(negative).execute(&mut *nested).await, "23514");
        nested.rollback().await?;
    }
    sqlx::query(ADD).bind("recovered").execute(&mut *tx).await?;
    tx.commit().await?;
    assert_eq!(count(pool, "recovered").await?, 1);

    let mut tx = pool.begin().await?;
    sqlx::query("insert into line (item) values (-1)")
        .execute(&mut *tx)
        .await?;
    assert_fails(tx.commit().await, "23503");

    let mut tx = pool.begin().await?;
    (&mut *tx)
        .execute("set local statement_timeout = '50ms'")
        .await?;
    assert_fails(
        sqlx::query("select pg_sleep(600)").execute(&mut *tx).await,
        "57014",
    );
    tx.rollback().await?;
    sqlx::query("select pg_sleep(0.1)").execute(pool).await?;
    Ok(())
}

async fn statements(url: &str, pool: &PgPool) -> Outcome {
    // Both connections call their statements by the same names.
    let mut one = PgConnection::connect(url).await?;
    let mut other = PgConnection::connect(url).await?;
    for _ in 0..3 {
        let doubled: i32 = sqlx::query_scalar("select $1::int * 2")
            .bind(2)
            .fetch_one(&mut one)
            .await?;
        let tripled: i32 = sqlx::query_scalar("select $1::int * 3")
            .bind(2)
            .fetch_one(&mut other)
            .await?;
        assert_eq!((doubled, tripled), (4, 6));
    }
    one.clear_cached_statements().await?;
    assert_eq!(one.cached_statements_size(), 0);
    let tripled: i32 = sqlx::query_scalar("select $1::int * 3")
        .bind(3)
        .fetch_one(&mut other)
        .await?;
    assert_eq!(tripled, 9);

    // Not kept: the unnamed statement.
    let sum = sqlx::query_scalar("select $1::int + 1").persistent(false);
    assert_eq!(
        sum.bind(1).fetch_one(&mut one).await.map(|sum: i32| sum)?,
        2
    );

    // More rows than anybody reads, and all of them.
    let mut rows = sqlx::query("select generate_series(1, 20000)").fetch(&mut one);
    assert!(rows.try_next().await?.is_some());
    drop(rows);
    let rows = sqlx::query("select generate_series(1, 20000)").fetch(&mut one);
    let sum = rows.try_fold(0_i64, async |sum, row| {
        Ok(sum + i64::from(row.try_get::<i32, _>(0)?))
    });
    assert_eq!(sum.await?, 200_010_000);

    // Several statements at once, without parameters.
    (&mut one)
        .execute("begin; insert into item (name) values ('several'); commit")
        .await?;
    assert_eq!(count(pool, "several").await?, 1);
    one.ping().await?;
    one.close().await?;
    other.close().await?;
    Ok(())
}

async fn bulk(pool: &PgPool) -> Outcome {
    let mut connection = pool.acquire().await?;
    let mut copy = connection
        .copy_in_raw("copy item (name, price) from stdin")
        .await?;
    for number in 0..20_000 {
        copy.send(format!("copied\t{number}\n").into_bytes())
            .await?;
    }
    assert_eq!(copy.finish().await?, 20_000);

    let mut copy = connection
        .copy_in_raw("copy item (name, price) from stdin")
        .await?;
    copy.send("aborted\t1\n".as_bytes()).await?;
    copy.abort("we have thought better of it").await?;

    let mut copy = connection
        .copy_in_raw("copy item (name, price) from stdin")
        .await?;
    copy.send("bad\tone\n".as_bytes()).await?;
    assert_fails(copy.finish().await, "22P02");

    let out = "copy (select price from item where name = 'copied') to stdout";
    let stream = connection.copy_out_raw(out).await?;
    let parts: Vec<_> = stream.try_collect().await?;
    assert_eq!(String::from_utf8(parts.concat())?.lines().count(), 20_000);
    drop(connection);

    let mut tx = pool.begin().await?;
    let mut copy = tx.copy_in_raw("copy item (name, price) from stdin").await?;
    copy.send("copied and rolled back\t1\n".as_bytes()).await?;
    copy.finish().await?;
    tx.rollback().await?;
    for (name, expected) in [
        ("copied", 20_000),
        ("aborted", 0),
        ("bad", 0),
        ("copied and rolled back", 0),
    ] {
        assert_eq!(count(pool, name).await?, expected, "{name}");
    }
    Ok(())
}

async fn notifications(pool: &PgPool) -> Outcome {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen("arrivals").await?;
    for (said, commits) in [("committed", true), ("rolled back", false), ("last", true)] {
        let mut tx = pool.begin().await?;
        let notify = sqlx::query("select pg_notify('arrivals', $1)").bind(said);
        notify.execute(&mut *tx).await?;
        if commits {
            tx.commit().await?;
        } else {
            tx.rollback().await?;
        }
    }
    assert_eq!(listener.recv().await?.payload(), "committed");
    assert_eq!(listener.recv().await?.payload(), "last");
    listener.unlisten_all().await?;
    Ok(())
}

async fn at_once(pool: &PgPool) -> Outcome {
    let tasks = (0..20).map(|number| {
        let pool = pool.clone();
        tokio::spawn(async move {
            let mut tx = pool.begin().await?;
            sqlx::query(ADD).bind("at once").execute(&mut *tx).await?;
            match number % 3 {
                0 => tx.commit().await?,
                1 => tx.rollback().await?,
                _ => drop(tx),
            }
            Outcome::Ok(())
        })
    });
    for ended in try_join_all(tasks).await? {
        ended?;
    }
    assert_eq!(count(pool, "at once").await?, 7);
    Ok(())
}
