//! What is left to be done on commit.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};

use aiodal::{DataAccessLayer, Retry, Transaction, TransactionOptions};
use futures_util::FutureExt;

use crate::database::pool;
use crate::server;

#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<&'static str>>>);

impl Heard {
    fn on_commit(&self, tx: &Transaction, word: &'static str) {
        let heard = self.clone();
        tx.on_commit(async move {
            tokio::task::yield_now().await;
            heard.0.lock().expect("nobody panics with it").push(word);
        });
    }

    fn words(&self) -> Vec<&'static str> {
        self.0.lock().expect("nobody panics with it").clone()
    }
}

async fn one(tx: &Transaction) -> aiodal::Pool {
    let config = server::config(tx).await;
    pool(&server::url(&config, config.get_dbname().expect("one")), 1)
}

#[aiodal::test]
async fn hooks_run_in_order_after_the_commit(tx: &Transaction) -> aiodal::Result<()> {
    let pool = one(tx).await;
    let heard = Heard::default();
    let tx = Transaction::begin(&pool).await?;
    heard.on_commit(&tx, "one");
    heard.on_commit(&tx, "two");
    tx.query_one("select 1", &[]).await?;
    assert_eq!((heard.words(), tx.on_commit_count()), (vec![], 2));
    tx.commit().await?;
    assert_eq!(heard.words(), ["one", "two"]);
    Ok(())
}

#[aiodal::test]
async fn hook_can_use_the_pool_whose_only_connection_committed(
    tx: &Transaction,
) -> aiodal::Result<()> {
    let pool = one(tx).await;
    let heard = Heard::default();
    let tx = Transaction::begin(&pool).await?;
    let (again, ears) = (pool.clone(), heard.clone());
    tx.on_commit(async move {
        let tx = Transaction::begin(&again)
            .await
            .expect("the connection is back");
        ears.on_commit(&tx, "nested");
        tx.commit().await.expect("it is another transaction");
    });
    tx.commit().await?;
    assert_eq!(heard.words(), ["nested"]);
    Ok(())
}

#[aiodal::test]
async fn rolled_back_savepoints_and_transactions_drop_their_hooks(
    tx: &Transaction,
) -> aiodal::Result<()> {
    let pool = one(tx).await;
    let heard = Heard::default();
    let mut tx = Transaction::begin(&pool).await?;
    heard.on_commit(&tx, "before");
    let mut outer = tx.savepoint().await?;
    heard.on_commit(&outer, "outer");
    let inner = outer.savepoint().await?;
    heard.on_commit(&inner, "inner, rolled back");
    inner.rollback().await?;
    let inner = outer.savepoint().await?;
    heard.on_commit(&inner, "inner, dropped");
    drop(inner);
    let inner = outer.savepoint().await?;
    heard.on_commit(&inner, "inner");
    inner.commit().await?;
    outer.commit().await?;
    heard.on_commit(&tx, "after");
    tx.commit().await?;
    assert_eq!(heard.words(), ["before", "outer", "inner", "after"]);

    let tx = Transaction::begin(&pool).await?;
    heard.on_commit(&tx, "rolled back");
    tx.rollback().await?;
    let tx = Transaction::begin(&pool).await?;
    heard.on_commit(&tx, "dropped");
    drop(tx);
    assert_eq!(heard.words().len(), 4);
    Ok(())
}

#[aiodal::test]
async fn failed_commit_runs_no_hook(tx: &Transaction) -> aiodal::Result<()> {
    let pool = one(tx).await;
    let heard = Heard::default();
    let tx = Transaction::begin(&pool).await?;
    heard.on_commit(&tx, "never");
    tx.batch_execute("select 1 / 0")
        .await
        .expect_err("it fails");
    tx.commit().await.expect_err("it has failed");
    assert!(heard.words().is_empty());
    Ok(())
}

#[aiodal::test]
async fn panicking_hook_neither_stops_the_others_nor_goes_unheard(
    tx: &Transaction,
) -> aiodal::Result<()> {
    let pool = one(tx).await;
    let heard = Heard::default();
    let tx = Transaction::begin(&pool).await?;
    heard.on_commit(&tx, "before");
    tx.on_commit(async { panic!("the first") });
    tx.on_commit(async { panic!("the second") });
    heard.on_commit(&tx, "after");
    let panic = AssertUnwindSafe(tx.commit()).catch_unwind().await;
    let panic = panic.expect_err("the caller sees it");
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"the first"));
    assert_eq!(heard.words(), ["before", "after"]);
    Ok(())
}

#[aiodal::test]
async fn hooks_of_a_transaction_on_loan_are_counted_and_not_run(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    let heard = Heard::default();
    heard.on_commit(tx, "never");
    let savepoint = tx.savepoint().await?;
    heard.on_commit(&savepoint, "never");
    assert_eq!(savepoint.on_commit_count(), 2);
    savepoint.rollback().await?;
    assert_eq!(tx.on_commit_count(), 1);
    assert!(heard.words().is_empty());
    Ok(())
}

#[aiodal::test]
async fn only_the_attempt_that_commits_runs_its_hooks(tx: &Transaction) -> aiodal::Result<()> {
    let pool = one(tx).await;
    let heard = Heard::default();
    let attempts = Mutex::new(0);
    let options = TransactionOptions::new();
    let body = |tx: Transaction| {
        let attempt = {
            let mut attempts = attempts.lock().expect("nobody panics with it");
            *attempts += 1;
            *attempts
        };
        let heard = heard.clone();
        async move {
            heard.on_commit(&tx, if attempt == 1 { "first" } else { "second" });
            let sql = "do $$ begin raise serialization_failure; end $$";
            if attempt == 1 {
                tx.batch_execute(sql).await?;
            }
            Ok::<_, aiodal::Error>(())
        }
    };
    DataAccessLayer::from_pool(&pool)
        .retrying(&options, &Retry::default(), body)
        .await?;
    assert_eq!(heard.words(), ["second"]);
    DataAccessLayer::from_pool(&pool)
        .with_options(&options, async |tx: &mut Transaction| {
            heard.on_commit(tx, "third");
            Ok::<_, aiodal::Error>(())
        })
        .await?;
    assert_eq!(heard.words(), ["second", "third"]);
    Ok(())
}

#[aiodal::test]
async fn waiting_hooks_are_named_and_run_where_a_test_says_so(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    let heard = Heard::default();
    heard.on_commit(tx, "first");
    let ears = heard.clone();
    tx.on_commit_named("welcome mail", async move {
        ears.0.lock().expect("nobody panics with it").push("mail");
    });
    let savepoint = tx.savepoint().await?;
    savepoint.on_commit_named("undone", async { panic!("it is undone") });
    assert_eq!(savepoint.on_commit_names()[1..], ["welcome mail", "undone"]);
    savepoint.rollback().await?;
    let names = tx.on_commit_names();
    // Without a name it goes by the place where it was left.
    assert!(names[0].starts_with(&format!("{}:", file!())), "{names:?}");
    assert_eq!(names[1..], ["welcome mail"]);
    assert_eq!(tx.run_on_commit().await, 2);
    assert_eq!(heard.words(), ["first", "mail"]);
    assert_eq!((tx.run_on_commit().await, tx.on_commit_count()), (0, 0));
    Ok(())
}

#[aiodal::test]
async fn hook_of_a_nested_transaction_can_begin_another(
    dal: &DataAccessLayer,
) -> aiodal::Result<()> {
    let tx = dal.transaction().await?;
    let (again, heard) = (dal.clone(), Heard::default());
    let ears = heard.clone();
    tx.on_commit(async move {
        let tx = again
            .transaction()
            .await
            .expect("the turn has been given back");
        ears.on_commit(&tx, "nested");
        tx.commit().await.expect("it is another transaction");
    });
    tx.commit().await?;
    assert_eq!(heard.words(), ["nested"]);
    Ok(())
}
