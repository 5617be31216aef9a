//! Every way a test can end, each followed by a look at the connection it leaves behind.
//!
//! Run on one thread: libtest goes by name, so `a2` sees what `a1` has left on the pool's only connection.

use std::future::Future;
use std::sync::atomic::{AtomicI32, Ordering};
use std::task::Poll;

use aiodal::Transaction;

type Result = aiodal::Result<()>;

/// The server process of the connection that the last test had. Written and read by one thread.
static PID: AtomicI32 = AtomicI32::new(0);

async fn pid(tx: &Transaction) -> i32 {
    tx.query_one("select pg_backend_pid()", &[])
        .await
        .expect("the connection is alive")
        .get(0)
}

/// Leaves a row, and whatever else a session can hold on to.
async fn litter(tx: &Transaction) -> Result {
    PID.store(pid(tx).await, Ordering::Relaxed);
    // Other runs of this binary may litter the same database at the same time: names and keys are this one's.
    let own = std::process::id();
    tx.batch_execute(&format!(
        "create table litter_{own} (id int); insert into litter_{own} values (1); \
         create temp table temporary (id int); select pg_advisory_lock({own}); listen news; \
         declare cursor_of_mine cursor for select 1; set work_mem = '3MB'; set role pg_monitor; reset role"
    ))
    .await
}

/// Fails if anything of [`litter`] is left.
async fn assert_clean(tx: &Transaction) -> Result {
    let table = format!("litter_{}", std::process::id());
    let row = tx
        .query_one(
            "select to_regclass($1) is null, to_regclass('pg_temp.temporary') is null, \
             (select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()), \
             (select count(*) from pg_listening_channels()), (select count(*) from pg_cursors where name <> ''), \
             current_setting('work_mem') <> '3MB', current_user = session_user",
            &[&table],
        )
        .await?;
    assert!(row.get::<_, bool>(0), "the table is left");
    assert!(row.get::<_, bool>(1), "the temporary table is left");
    assert_eq!(row.get::<_, i64>(2), 0, "an advisory lock is left");
    assert_eq!(row.get::<_, i64>(3), 0, "a LISTEN is left");
    assert_eq!(row.get::<_, i64>(4), 0, "a cursor is left");
    assert!(row.get::<_, bool>(5), "a setting is left");
    assert!(row.get::<_, bool>(6), "a role is left");
    Ok(())
}

async fn assert_same_connection(tx: &Transaction) -> Result {
    assert_eq!(
        pid(tx).await,
        PID.load(Ordering::Relaxed),
        "the connection was thrown away"
    );
    assert_clean(tx).await
}

async fn assert_other_connection(tx: &Transaction) -> Result {
    assert_ne!(
        pid(tx).await,
        PID.load(Ordering::Relaxed),
        "the connection was kept"
    );
    assert_clean(tx).await
}

#[aiodal::test]
async fn a1_ok(tx: &Transaction) -> Result {
    litter(tx).await
}

#[aiodal::test]
async fn a2_after_ok(tx: &Transaction) -> Result {
    assert_same_connection(tx).await
}

#[aiodal::test]
async fn b1_panic(tx: &Transaction) {
    litter(tx).await.expect("littering works");
    panic!("the body says no");
}

#[aiodal::test]
async fn b2_after_panic(tx: &Transaction) -> Result {
    assert_same_connection(tx).await
}

#[aiodal::test]
async fn c1_err(tx: &Transaction) -> Result {
    litter(tx).await?;
    tx.execute("insert into no_such_table values ($1)", &[&1])
        .await?;
    Ok(())
}

#[aiodal::test]
async fn c2_after_err(tx: &Transaction) -> Result {
    assert_same_connection(tx).await
}

#[aiodal::test(timeout = "300ms")]
async fn d1_timeout(tx: &Transaction) -> Result {
    litter(tx).await?;
    tx.execute("select pg_sleep(600)", &[]).await?;
    Ok(())
}

#[aiodal::test]
async fn d2_after_timeout(tx: &Transaction) -> Result {
    assert_same_connection(tx).await
}

#[aiodal::test]
#[should_panic = "as it should"]
async fn e1_should_panic(tx: &Transaction) {
    litter(tx).await.expect("littering works");
    panic!("as it should");
}

#[aiodal::test]
async fn e2_after_should_panic(tx: &Transaction) -> Result {
    assert_same_connection(tx).await
}

#[aiodal::test]
async fn f1_statement_dropped_while_running(tx: &Transaction) -> Result {
    litter(tx).await?;
    let mut sleep = Box::pin(tx.execute("select pg_sleep(600)", &[]));
    std::future::poll_fn(|cx| {
        assert!(sleep.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
    Ok(())
}

#[aiodal::test]
async fn f2_after_statement_dropped_while_running(tx: &Transaction) -> Result {
    assert_same_connection(tx).await
}

#[aiodal::test]
async fn g1_failed_statement_that_the_test_expects(tx: &Transaction) -> Result {
    litter(tx).await?;
    let error = tx
        .execute("insert into no_such_table values (1)", &[])
        .await
        .expect_err("there is no such table");
    assert_eq!(error.code().map(aiodal::SqlState::code), Some("42P01"));
    Ok(())
}

#[aiodal::test]
async fn g2_after_failed_statement(tx: &Transaction) -> Result {
    assert_same_connection(tx).await
}

#[aiodal::test]
async fn h1_commit_is_refused(tx: Transaction) -> Result {
    litter(&tx).await?;
    tx.commit().await
}

#[aiodal::test]
async fn h2_after_commit_is_refused(tx: &Transaction) -> Result {
    assert_same_connection(tx).await
}

#[aiodal::test]
async fn i1_deferred_constraint(tx: &Transaction) -> Result {
    PID.store(pid(tx).await, Ordering::Relaxed);
    tx.batch_execute(
        "create temp table parent (id int primary key); \
         create temp table child (parent int references parent deferrable initially deferred); \
         insert into child values (42)",
    )
    .await
}

#[aiodal::test]
async fn i2_after_deferred_constraint(tx: &Transaction) -> Result {
    assert_same_connection(tx).await
}

#[aiodal::test]
async fn j1_task_that_outlives_the_test(tx: Transaction) -> Result {
    litter(&tx).await?;
    // It holds the transaction, and is dropped with the runtime.
    tokio::spawn(async move { tx.execute("select pg_sleep(600)", &[]).await });
    tokio::task::yield_now().await;
    Ok(())
}

#[aiodal::test]
async fn j2_after_task_that_outlives_the_test(tx: &Transaction) -> Result {
    assert_same_connection(tx).await
}

#[aiodal::test]
async fn k1_leaked_transaction(tx: Transaction) -> Result {
    litter(&tx).await?;
    std::mem::forget(tx);
    Ok(())
}

#[aiodal::test]
async fn k2_after_leaked_transaction(tx: &Transaction) -> Result {
    assert_same_connection(tx).await
}

#[aiodal::test]
async fn l1_prepared_by_sql(tx: &Transaction) -> Result {
    litter(tx).await?;
    tx.batch_execute("prepare mine as select 1").await
}

#[aiodal::test]
async fn l2_after_prepared_by_sql(tx: &Transaction) -> Result {
    // No rollback forgets a prepared statement, so the connection went with it.
    assert_other_connection(tx).await?;
    tx.batch_execute("prepare mine as select 1").await
}

#[aiodal::test]
async fn m1_backend_killed(tx: &Transaction) -> Result {
    litter(tx).await?;
    tx.execute("select pg_terminate_backend(pg_backend_pid())", &[])
        .await?;
    Ok(())
}

#[aiodal::test]
async fn m2_after_backend_killed(tx: &Transaction) -> Result {
    assert_other_connection(tx).await
}

/// The same thing under another name: the attribute cannot know.
type Alias = Transaction;

#[aiodal::test]
async fn n1_second_transaction(tx: Transaction, other: Alias) {
    drop((tx, other));
}

#[aiodal::test]
async fn n2_after_second_transaction(tx: &Transaction) -> Result {
    assert_clean(tx).await
}
