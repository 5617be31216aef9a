//! A test's data access layer: code that begins and commits on its own, in one transaction that is rolled back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aiodal::{DataAccessLayer, IsolationLevel, Retry, SqlState, Transaction, TransactionOptions};

const SETUP: &str = "create table author (id int primary key, name text)";

/// What an application would have: it knows nothing of tests.
async fn register(dal: &DataAccessLayer, id: i32) -> aiodal::Result<()> {
    let tx = dal.transaction().await?;
    tx.execute("insert into author (id) values ($1)", &[&id])
        .await?;
    tx.commit().await
}

async fn count(tx: &Transaction) -> aiodal::Result<i64> {
    tx.query_scalar("select count(*) from author", &[]).await
}

#[aiodal::test]
async fn what_is_committed_is_seen_and_what_is_not_is_gone(
    dal: &DataAccessLayer,
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    tx.batch_execute(SETUP).await?;
    register(dal, 1).await?;
    assert_eq!(count(tx).await?, 1);
    let dropped = dal.transaction().await?;
    dropped
        .execute("insert into author (id) values (2)", &[])
        .await?;
    drop(dropped);
    let rolled_back = dal.transaction().await?;
    rolled_back
        .execute("insert into author (id) values (3)", &[])
        .await?;
    rolled_back.rollback().await?;
    assert_eq!(count(tx).await?, 1);
    // An error in one spoils neither the test's transaction nor the next.
    let error = register(dal, 1).await.expect_err("it is there already");
    assert!(error.is_unique_violation(), "{error:#}");
    register(dal, 4).await?;
    assert_eq!(count(tx).await?, 2);
    Ok(())
}

#[aiodal::test]
async fn the_order_of_arguments_does_not_matter_and_one_may_do(
    tx: &Transaction,
    dal: &DataAccessLayer,
    same: DataAccessLayer,
) -> aiodal::Result<()> {
    tx.batch_execute(SETUP).await?;
    register(dal, 1).await?;
    register(&same, 2).await?;
    assert_eq!(count(tx).await?, 2);
    Ok(())
}

#[aiodal::test]
async fn a_commit_checks_what_was_deferred_and_the_next_may_defer_again(
    dal: &DataAccessLayer,
) -> aiodal::Result<()> {
    let tx = dal.transaction().await?;
    tx.batch_execute(
        "create table parent (id int primary key); create table child (parent int, \
            constraint child_parent foreign key (parent) references parent deferrable initially deferred)",
    )
    .await?;
    tx.commit().await?;
    let child = "insert into child values (1)";
    let tx = dal.transaction().await?;
    tx.execute(child, &[]).await?;
    let error = tx.commit().await.expect_err("there is no parent");
    assert_eq!(error.constraint(), Some("child_parent"));
    // Deferred again: the child may come first.
    let tx = dal.transaction().await?;
    tx.execute(child, &[]).await?;
    tx.execute("insert into parent values (1)", &[]).await?;
    tx.commit().await?;
    let tx = dal.transaction().await?;
    let children: i64 = tx.query_scalar("select count(*) from child", &[]).await?;
    assert_eq!(children, 1);
    Ok(())
}

#[aiodal::test]
async fn options_hold_in_their_transaction_only(dal: &DataAccessLayer) -> aiodal::Result<()> {
    let setting = async |tx: &Transaction| -> aiodal::Result<String> {
        tx.query_scalar("select current_setting('lock_timeout')", &[])
            .await
    };
    let options = TransactionOptions::new()
        .lock_timeout(Duration::from_secs(7))
        .isolation_level(IsolationLevel::Serializable);
    let tx = dal.begin(&options).await?;
    assert_eq!(setting(&tx).await?, "7s");
    tx.commit().await?;
    let tx = dal
        .begin(&TransactionOptions::new().read_only(true))
        .await?;
    assert_ne!(setting(&tx).await?, "7s");
    let error = tx
        .batch_execute("create table t ()")
        .await
        .expect_err("read only");
    assert_eq!(error.code(), Some(&SqlState::READ_ONLY_SQL_TRANSACTION));
    drop(tx);
    let tx = dal
        .begin(&TransactionOptions::new().read_only(true))
        .await?;
    tx.query("select 1", &[]).await?;
    tx.commit().await?;
    let tx = dal.transaction().await?;
    tx.batch_execute("create table t ()").await?;
    tx.commit().await
}

#[aiodal::test]
async fn hooks_run_when_their_transaction_commits(dal: &DataAccessLayer) -> aiodal::Result<()> {
    let ran = Arc::new(AtomicU32::new(0));
    let hook = || {
        let ran = ran.clone();
        async move {
            ran.fetch_add(1, Ordering::Relaxed);
        }
    };
    let tx = dal.transaction().await?;
    tx.on_commit(hook());
    tx.rollback().await?;
    assert_eq!(ran.load(Ordering::Relaxed), 0);
    let mut tx = dal.transaction().await?;
    tx.on_commit(hook());
    let behind = tx.savepoint().await?;
    behind.on_commit(hook());
    behind.rollback().await?;
    tx.commit().await?;
    assert_eq!(ran.load(Ordering::Relaxed), 1);
    Ok(())
}

#[aiodal::test]
async fn bodies_commit_roll_back_and_are_run_again(
    dal: &DataAccessLayer,
    tx: &Transaction,
) -> aiodal::Result<()> {
    tx.batch_execute(SETUP).await?;
    dal.with_transaction(async |tx| tx.execute("insert into author (id) values (1)", &[]).await)
        .await?;
    let result: Result<(), aiodal::BoxError> = dal
        .with_transaction(async |tx| {
            tx.execute("insert into author (id) values (2)", &[])
                .await?;
            Err("no".into())
        })
        .await;
    result.expect_err("as it said");
    let attempts = AtomicU32::new(0);
    let options = TransactionOptions::new();
    let retry = Retry::default().backoff(Duration::from_millis(1));
    dal.retrying(&options, &retry, |tx| {
        let attempt = attempts.fetch_add(1, Ordering::Relaxed);
        async move {
            tx.execute("insert into author (id) values (3)", &[])
                .await?;
            if attempt < 2 {
                let sql = "do $$ begin raise exception 'collided' using errcode = '40001'; end $$";
                tx.batch_execute(sql).await?;
            }
            aiodal::Result::Ok(())
        }
    })
    .await?;
    assert_eq!(attempts.load(Ordering::Relaxed), 3);
    assert_eq!(count(tx).await?, 2);
    Ok(())
}

#[aiodal::test(start_paused = true)]
async fn a_second_transaction_waits_for_the_first_and_says_so(
    dal: &DataAccessLayer,
) -> aiodal::Result<()> {
    let first = dal.transaction().await?;
    let error = dal.transaction().await.expect_err("the first is open");
    assert!(error.is_timeout(), "{error}");
    assert!(
        error.to_string().contains("a_second_transaction_waits"),
        "{error}"
    );
    drop(first);
    dal.transaction().await?.commit().await
}

#[aiodal::test]
async fn transactions_of_several_tasks_follow_one_another(
    dal: &DataAccessLayer,
    tx: &Transaction,
) -> aiodal::Result<()> {
    tx.batch_execute(SETUP).await?;
    let tasks = (0..8).map(|id| {
        let dal = dal.clone();
        tokio::spawn(async move { register(&dal, id).await })
    });
    for task in futures_util::future::join_all(tasks).await {
        task.expect("no panic")?;
    }
    assert_eq!(count(tx).await?, 8);
    Ok(())
}

/// Polls a future so often, and drops it.
async fn dropped_after<T>(polls: usize, future: impl Future<Output = T>) -> bool {
    let mut future = std::pin::pin!(future);
    for _ in 0..polls {
        if futures_util::poll!(future.as_mut()).is_ready() {
            return true;
        }
        tokio::task::yield_now().await;
    }
    false
}

#[aiodal::test]
async fn dropped_at_any_point_the_next_transaction_begins_afresh(
    dal: &DataAccessLayer,
    tx: &Transaction,
) -> aiodal::Result<()> {
    tx.batch_execute(SETUP).await?;
    for polls in 0..60 {
        let before = count(tx).await?;
        let id = 1000 + i32::try_from(polls).expect("few");
        let done = dropped_after(polls, register(dal, id)).await;
        let fresh = dal.transaction().await?;
        let after = count(&fresh).await?;
        fresh.commit().await?;
        // Once COMMIT is on its way, it may have come through.
        let kept = after - before;
        assert!(kept == 1 || (!done && kept == 0), "{polls} polls: {kept}");
    }
    Ok(())
}

#[aiodal::test]
async fn the_schema_is_that_of_the_test(
    dal: &DataAccessLayer,
    tx: &Transaction,
) -> aiodal::Result<()> {
    tx.batch_execute(SETUP).await?;
    assert_eq!(dal.table("author").await?.columns.len(), 2);
    tx.batch_execute("alter table author add born int").await?;
    assert_eq!(tx.table("author").await?.columns.len(), 3);
    assert_eq!(dal.schema().await?.table("author")?.columns.len(), 3);
    let error = tx.table("autor").await.expect_err("there is none");
    assert!(error.to_string().contains("author"), "{error}");
    // A miss has not spoilt the transaction.
    assert_eq!(count(tx).await?, 0);
    Ok(())
}

#[aiodal::test]
async fn another_test_has_left_nothing_in_the_cache(dal: &DataAccessLayer) -> aiodal::Result<()> {
    let error = dal.table("author").await.expect_err("it was rolled back");
    assert!(error.is_not_found(), "{error}");
    Ok(())
}
