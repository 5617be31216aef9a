//! The runtime of a test: its flavor, its clock, and what becomes of its tasks.

use std::time::{Duration, Instant};

use aiodal::Transaction;
use tokio::runtime::{Handle, RuntimeFlavor};

#[aiodal::test]
async fn default_flavor_is_the_thread_of_the_test(tx: &Transaction) -> aiodal::Result<()> {
    assert_eq!(
        Handle::current().runtime_flavor(),
        RuntimeFlavor::CurrentThread
    );
    tx.query_one("select 1", &[]).await?;
    Ok(())
}

#[aiodal::test(flavor = "multi_thread", worker_threads = 3)]
async fn multi_thread_flavor_has_the_workers_it_asked_for(tx: Transaction) -> aiodal::Result<()> {
    assert_eq!(
        Handle::current().runtime_flavor(),
        RuntimeFlavor::MultiThread
    );
    assert_eq!(Handle::current().metrics().num_workers(), 3);
    // An owned transaction goes to another task, and that to another thread.
    let answer = tokio::spawn(async move {
        tx.query_one("select 42", &[])
            .await
            .map(|row| row.get::<_, i32>(0))
    });
    assert_eq!(answer.await.expect("the task does not panic")?, 42);
    Ok(())
}

#[aiodal::test(start_paused = true)]
async fn paused_clock_does_not_touch_the_database(tx: &Transaction) -> aiodal::Result<()> {
    let (real, virtual_time) = (Instant::now(), tokio::time::Instant::now());
    tokio::time::sleep(Duration::from_secs(3600)).await;
    tx.query_one("select pg_sleep(0.01)", &[]).await?;
    assert!(virtual_time.elapsed() >= Duration::from_secs(3600));
    assert!(real.elapsed() < Duration::from_secs(600));
    Ok(())
}

#[aiodal::test(start_paused = true, timeout = "60s")]
async fn time_limit_goes_by_the_real_clock(tx: &Transaction) -> aiodal::Result<()> {
    // Hours of the paused clock are no time at all.
    tokio::time::sleep(Duration::from_secs(7200)).await;
    tx.query_one("select 1", &[]).await?;
    Ok(())
}

#[aiodal::test(timeout = "60s")]
async fn clock_paused_by_the_test_does_not_cut_its_end_short(
    tx: &Transaction,
) -> aiodal::Result<()> {
    tokio::time::pause();
    tx.query_one("select pg_sleep(0.01)", &[]).await?;
    Ok(())
}

#[aiodal::test]
async fn body_may_borrow_from_the_test_and_need_not_be_send(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    let not_send = std::rc::Rc::new(1_i32);
    let row = tx.query_one("select $1::int4 + 1", &[&*not_send]).await?;
    assert_eq!(row.get::<_, i32>(0), *not_send + 1);
    Ok(())
}

#[aiodal::test]
async fn owned_transaction_can_be_stored_and_handed_on(
    tx: Transaction,
) -> Result<(), Box<dyn std::error::Error>> {
    struct Repository {
        tx: Transaction,
    }
    let repository = Repository { tx };
    repository.tx.execute("select 1", &[]).await?;
    repository.tx.rollback().await?;
    Ok(())
}
