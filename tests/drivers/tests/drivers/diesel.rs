//! diesel: libpq underneath, and blocking.

use std::time::Duration;

use aiodal::{DatabaseUrl, Sandbox};
use diesel::connection::DefaultLoadingMode;
use diesel::pg::{PgConnection, PgRowByRowLoadingMode};
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, Pool};
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::{Integer, Text};
use drivers::Outcome;

mod bulk;
mod types;

diesel::table! {
    item (id) {
        id -> BigInt,
        name -> Text,
        price -> Integer,
    }
}

#[aiodal::test(isolation = "database")]
async fn diesel_runs_on_a_database(url: &DatabaseUrl) -> Outcome {
    exercise(&url.connection_string()).await
}

#[aiodal::test]
async fn diesel_runs_in_a_sandbox(sandbox: Sandbox) -> Outcome {
    exercise(&sandbox.url().await?).await
}

#[aiodal::test]
async fn diesel_runs_in_a_sandbox_by_tcp(sandbox: Sandbox) -> Outcome {
    exercise(&sandbox.tcp_url().await?).await
}

/// Runs it on a thread that it may block.
async fn exercise(url: &str) -> Outcome {
    let url = url.to_owned();
    tokio::task::spawn_blocking(move || {
        let mut connection = PgConnection::establish(&url)?;
        let mut other = PgConnection::establish(&url)?;
        transactions(&mut connection, &mut other)?;
        errors(&mut connection)?;
        statements(&mut connection, &mut other)?;
        bulk::exercise(&url, &mut connection)?;
        types::exercise(&mut connection)?;
        at_once(&url)
    })
    .await?
}

fn add(connection: &mut PgConnection, name: &str) -> QueryResult<usize> {
    diesel::insert_into(item::table)
        .values(item::name.eq(name))
        .execute(connection)
}

fn count(connection: &mut PgConnection, name: &str) -> QueryResult<i64> {
    item::table
        .filter(item::name.eq(name))
        .count()
        .get_result(connection)
}

fn transactions(connection: &mut PgConnection, other: &mut PgConnection) -> Outcome {
    connection.transaction(|connection| add(connection, "committed"))?;
    let rolled_back = connection.transaction(|connection| {
        add(connection, "rolled back")?;
        Err::<(), _>(Error::RollbackTransaction)
    });
    assert_eq!(rolled_back, Err(Error::RollbackTransaction));
    connection.transaction(|connection| {
        add(connection, "outer")?;
        connection.transaction(|connection| add(connection, "inner"))?;
        let nested = connection.transaction(|connection| {
            add(connection, "nested and rolled back")?;
            diesel::sql_query("select 1 / 0").execute(connection)
        });
        assert!(nested.is_err(), "it divides by zero");
        add(connection, "last")
    })?;
    connection
        .build_transaction()
        .read_committed()
        .deferrable()
        .run(|connection| add(connection, "built"))?;
    let read_only = connection
        .build_transaction()
        .read_only()
        .run(|connection| add(connection, "read only"));
    let read_only = read_only.expect_err("nothing can be written");
    assert!(
        matches!(
            read_only,
            Error::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _)
        ),
        "{read_only:?}"
    );
    for (name, expected) in [
        ("committed", 1),
        ("rolled back", 0),
        ("outer", 1),
        ("inner", 1),
        ("nested and rolled back", 0),
        ("last", 1),
        ("built", 1),
        ("read only", 0),
    ] {
        assert_eq!(count(other, name)?, expected, "{name}");
    }
    Ok(())
}

fn errors(connection: &mut PgConnection) -> Outcome {
    let negative = |connection: &mut PgConnection| {
        diesel::insert_into(item::table)
            .values((item::name.eq("negative"), item::price.eq(-1)))
            .execute(connection)
    };
    let failed = |result: QueryResult<usize>, kind: DatabaseErrorKind| match result {
        Err(Error::DatabaseError(told, _)) => assert_eq!(format!("{told:?}"), format!("{kind:?}")),
        other => panic!("it should have failed with {kind:?}: {other:?}"),
    };
    failed(negative(connection), DatabaseErrorKind::CheckViolation);
    add(connection, "after an error")?;
    assert_eq!(count(connection, "after an error")?, 1);

    // A transaction whose error is ignored can't commit; the server rolls it back.
    let ignored = connection.transaction(|connection| {
        add(connection, "before an error")?;
        failed(negative(connection), DatabaseErrorKind::CheckViolation);
        let again = add(connection, "in a failed transaction").expect_err("it has failed");
        assert!(again.to_string().contains("aborted"), "{again}");
        Ok::<_, Error>(())
    });
    assert!(ignored.is_ok() || ignored.is_err_and(|error| error != Error::NotFound));
    assert_eq!(count(connection, "before an error")?, 0);

    let deferred = connection.transaction(|connection| {
        diesel::sql_query("insert into line (item) values (-1)").execute(connection)
    });
    failed(deferred, DatabaseErrorKind::ForeignKeyViolation);

    let late = connection.transaction(|connection| {
        diesel::sql_query("set local statement_timeout = '50ms'").execute(connection)?;
        diesel::sql_query("select pg_sleep(600)").execute(connection)
    });
    assert!(
        late.expect_err("it takes longer")
            .to_string()
            .contains("statement timeout")
    );
    add(connection, "after all")?;
    Ok(())
}

#[derive(QueryableByName)]
struct Doubled {
    #[diesel(sql_type = Integer)]
    number: i32,
}

fn statements(connection: &mut PgConnection, other: &mut PgConnection) -> Outcome {
    // diesel calls its statements by the same names on every connection.
    for round in 0..3 {
        for (connection, factor) in [(&mut *connection, 2), (&mut *other, 3)] {
            let sql = format!("select $1 * {factor} as number");
            let row: Doubled = diesel::sql_query(sql)
                .bind::<Integer, _>(round)
                .get_result(connection)?;
            assert_eq!(row.number, round * factor);
            assert_eq!(count(connection, "nobody")?, 0);
        }
    }
    let rows = diesel::sql_query("select generate_series(1, 5000) as number")
        .load_iter::<Doubled, DefaultLoadingMode>(connection)?;
    assert_eq!(rows.count(), 5000);
    let mut rows = diesel::sql_query("select generate_series(1, 5000) as number")
        .load_iter::<Doubled, PgRowByRowLoadingMode>(connection)?;
    assert_eq!(rows.next().ok_or("a row")??.number, 1);
    drop(rows);
    let found = item::table
        .filter(item::name.eq_any(["nobody", "no one"]))
        .select(item::id)
        .first::<i64>(connection)
        .optional()?;
    assert_eq!(found, None);
    Ok(())
}

/// Eight threads on four connections.
fn at_once(url: &str) -> Outcome {
    let pool = Pool::builder()
        .max_size(4)
        .connection_timeout(Duration::from_secs(30))
        .test_on_check_out(true)
        .build(ConnectionManager::<PgConnection>::new(url))?;
    let threads: Vec<_> = (0..8)
        .map(|number| {
            let pool = pool.clone();
            std::thread::spawn(move || {
                for _ in 0..5 {
                    let mut connection = pool.get()?;
                    let ended = connection.transaction(|connection| {
                        add(connection, "at once")?;
                        if number % 2 == 0 {
                            Ok(())
                        } else {
                            Err(Error::RollbackTransaction)
                        }
                    });
                    assert_eq!(ended.is_ok(), number % 2 == 0, "{ended:?}");
                }
                Outcome::Ok(())
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("it does not panic")?;
    }
    assert_eq!(count(&mut *pool.get()?, "at once")?, 20);
    let names = diesel::sql_query("select count(*)::int as number from item where name = $1")
        .bind::<Text, _>("at once")
        .get_result::<Doubled>(&mut *pool.get()?)?;
    assert_eq!(names.number, 20);
    Ok(())
}
