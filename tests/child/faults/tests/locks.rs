//! Tests that wait for each other's locks. Run in pairs, on two threads or in two processes.

use std::io::{Read, Write};
use std::time::Duration;

use aiodal::{BoxError, DataAccessLayer, Transaction};
use tokio::sync::Semaphore;

struct Accounts;

#[aiodal::session]
impl aiodal::Session for Accounts {
    async fn seed(tx: &mut Transaction) -> Result<(), BoxError> {
        tx.batch_execute(
            "create table account (id int primary key, email text not null, owner text); \
             create unique index account_email on account (lower(email)); \
             insert into account values (1, 'one', 'me'), (2, 'two', 'me')",
        )
        .await?;
        Ok(())
    }
}

/// Opened when the lock is held.
static HELD: Semaphore = Semaphore::const_new(0);
/// Opened when it is not waited for any more.
static OVER: Semaphore = Semaphore::const_new(0);

const INSERT: &str = "insert into account (id, email) values ($1, $2)";

/// Opens a gate when dropped: the other test shall not wait for one that has failed.
struct Opens(&'static Semaphore);

impl Drop for Opens {
    fn drop(&mut self) {
        self.0.add_permits(1);
    }
}

async fn passes_through(gate: &Semaphore) {
    let waiting = tokio::time::timeout(Duration::from_secs(30), gate.acquire());
    waiting
        .await
        .expect("the other test runs at the same time")
        .expect("nobody closes it")
        .forget();
}

#[aiodal::test]
async fn holds(tx: &Transaction) -> aiodal::Result<()> {
    tx.execute(INSERT, &[&11, &"Sample@example.org"]).await?;
    drop(Opens(&HELD));
    passes_through(&OVER).await;
    Ok(())
}

#[aiodal::test]
async fn waits_for_a_key(tx: &Transaction) -> aiodal::Result<()> {
    let _over = Opens(&OVER);
    passes_through(&HELD).await;
    tx.execute(INSERT, &[&12, &"sample@example.org"]).await?;
    Ok(())
}

#[aiodal::test]
async fn waits_and_takes_no_notice(tx: &Transaction) {
    let _over = Opens(&OVER);
    passes_through(&HELD).await;
    let inserted = tx.execute(INSERT, &[&12, &"sample@example.org"]).await;
    assert!(inserted.is_err());
}

#[aiodal::test(timeout = "1200ms")]
async fn waits_until_its_own_limit(tx: &Transaction) -> aiodal::Result<()> {
    let _over = Opens(&OVER);
    passes_through(&HELD).await;
    tx.execute(INSERT, &[&12, &"sample@example.org"]).await?;
    Ok(())
}

#[aiodal::test]
async fn updates(tx: &Transaction) -> aiodal::Result<()> {
    tx.execute("update account set owner = 'you' where id = 1", &[])
        .await?;
    drop(Opens(&HELD));
    passes_through(&OVER).await;
    Ok(())
}

#[aiodal::test]
async fn waits_for_a_row(tx: &Transaction) -> aiodal::Result<()> {
    let _over = Opens(&OVER);
    passes_through(&HELD).await;
    let sql = "delete from account where id = 1 and owner <> 'password: hunter2'";
    tx.execute(sql, &[]).await?;
    Ok(())
}

#[aiodal::test]
async fn waits_for_a_table(tx: &Transaction) -> aiodal::Result<()> {
    let _over = Opens(&OVER);
    passes_through(&HELD).await;
    tx.batch_execute("alter table account add column age int")
        .await
}

/// Holds the lock until nobody writes to its standard input any more.
#[aiodal::test]
async fn holds_for_another_process(tx: &Transaction) -> aiodal::Result<()> {
    tx.execute(INSERT, &[&11, &"sample@example.org"]).await?;
    println!("\nready");
    std::io::stdout().flush().expect("somebody reads it");
    let mut rest = Vec::new();
    std::io::stdin()
        .read_to_end(&mut rest)
        .expect("it is a pipe");
    Ok(())
}

#[aiodal::test]
async fn waits_for_another_process(tx: &Transaction) -> aiodal::Result<()> {
    tx.execute(INSERT, &[&12, &"sample@example.org"]).await?;
    Ok(())
}

async fn update_both(tx: &Transaction, first: i32, second: i32) -> aiodal::Result<()> {
    let update = "update account set owner = 'you' where id = $1";
    tx.execute(update, &[&first]).await?;
    // One permit each: both have updated one row when both have gone on.
    let (mine, other) = if first == 1 {
        (&HELD, &OVER)
    } else {
        (&OVER, &HELD)
    };
    drop(Opens(mine));
    passes_through(other).await;
    tx.execute(update, &[&second]).await?;
    Ok(())
}

#[aiodal::test]
async fn deadlock_one(tx: &Transaction) -> aiodal::Result<()> {
    update_both(tx, 1, 2).await
}

#[aiodal::test]
async fn deadlock_two(tx: &Transaction) -> aiodal::Result<()> {
    update_both(tx, 2, 1).await
}

#[aiodal::test]
async fn works_for_long(tx: &Transaction) -> aiodal::Result<()> {
    tx.execute("select pg_sleep(1.2)", &[]).await?;
    Ok(())
}

#[aiodal::test(isolation = "database")]
async fn waits_for_itself(tx: &Transaction, dal: &DataAccessLayer) -> aiodal::Result<()> {
    tx.execute(INSERT, &[&11, &"Sample@example.org"]).await?;
    let other = dal.transaction().await?;
    other.execute(INSERT, &[&12, &"sample@example.org"]).await?;
    Ok(())
}

#[aiodal::test(isolation = "database", timeout = "1200ms")]
async fn waits_for_itself_until_its_own_limit(dal: &DataAccessLayer) -> aiodal::Result<()> {
    let (one, other) = (dal.transaction().await?, dal.transaction().await?);
    one.batch_execute("update account set owner = 'you' where id = 1")
        .await?;
    other
        .batch_execute("lock table account in exclusive mode")
        .await
}

#[aiodal::test(isolation = "database")]
async fn deadlock_with_itself(tx: &Transaction, dal: &DataAccessLayer) -> aiodal::Result<()> {
    let other = dal.transaction().await?;
    let (one, other) = tokio::join!(update_both(tx, 1, 2), update_both(&other, 2, 1));
    one.and(other)
}

#[aiodal::test(isolation = "database")]
async fn works_for_long_in_its_own_database(
    tx: &Transaction,
    dal: &DataAccessLayer,
) -> aiodal::Result<()> {
    let other = dal.transaction().await?;
    tx.execute("update account set owner = 'you' where id = 1", &[])
        .await?;
    other.execute("select pg_sleep(1.2)", &[]).await?;
    Ok(())
}
