//! Tests with a database of their own: those that fail leave it behind.

use std::io::Write;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use aiodal::{DataAccessLayer, DatabaseUrl, Migrations, Transaction};

struct Prepared;

#[aiodal::session]
impl aiodal::Session for Prepared {
    fn migrations() -> Migrations {
        Migrations::dir("migrations")
    }
}

/// The database of a test that leaves sessions in it.
static LEFT: OnceLock<DatabaseUrl> = OnceLock::new();

async fn write(dal: &DataAccessLayer) -> aiodal::Result<()> {
    let tx = dal.transaction().await?;
    tx.execute("insert into author (name) values ('left')", &[])
        .await?;
    tx.commit().await
}

/// A session on another runtime, which the test's end does not reach; busy, so that it does not notice either.
#[aiodal::test(isolation = "database")]
async fn a1_leaves_a_session(url: DatabaseUrl) {
    let (connected, wait) = std::sync::mpsc::channel();
    LEFT.set(url.clone()).expect("nobody else sets it");
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime can be built");
        runtime.block_on(async {
            let pool = aiodal::connect(&url.connection_string()).await;
            let tx = Transaction::begin(pool.expect("the database is there")).await;
            let tx = tx.expect("the pool has a connection");
            connected.send(()).expect("the test waits");
            let _ended = tx.execute("select pg_sleep(600)", &[]).await;
        });
    });
    wait.recv().expect("the thread connects");
}

#[aiodal::test]
async fn a2_after_leaving_a_session(tx: &Transaction) -> aiodal::Result<()> {
    let name = LEFT.get().expect("tests run in order").database();
    let begun = Instant::now();
    loop {
        let sql = "select count(*) from pg_database where datname = $1";
        let left: i64 = tx.query_one(sql, &[&name]).await?.get(0);
        if left == 0 {
            return Ok(());
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{name} is left");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[aiodal::test(isolation = "database")]
async fn passes(dal: &DataAccessLayer, url: &DatabaseUrl) -> aiodal::Result<()> {
    write(dal).await?;
    println!("\nready - {}", url.database());
    Ok(())
}

#[aiodal::test(isolation = "database")]
async fn panics(dal: &DataAccessLayer) {
    write(dal).await.expect("it can be written to");
    panic!("the body says no");
}

#[aiodal::test(isolation = "database")]
async fn returns_an_error(dal: &DataAccessLayer) -> aiodal::Result<()> {
    write(dal).await?;
    write(dal).await
}

#[aiodal::test(isolation = "database", timeout = "200ms")]
async fn times_out(tx: &Transaction) -> aiodal::Result<()> {
    tx.execute("select pg_sleep(600)", &[]).await?;
    Ok(())
}

#[aiodal::test(isolation = "database")]
#[should_panic = "as it should"]
async fn panics_as_it_should(dal: &DataAccessLayer) {
    write(dal).await.expect("it can be written to");
    panic!("as it should");
}

#[aiodal::test(isolation = "database")]
#[should_panic = "as it should"]
async fn does_not_panic_as_it_should(dal: &DataAccessLayer) {
    write(dal).await.expect("it can be written to");
}

#[aiodal::test(isolation = "database")]
async fn hangs(tx: &Transaction) -> aiodal::Result<()> {
    let sql = "select current_setting('data_directory'), current_database()::text";
    let row = tx.query_one(sql, &[]).await?;
    let (data, database): (&str, &str) = (row.get(0), row.get(1));
    println!("\nready {data} {database}");
    std::io::stdout().flush().expect("somebody reads it");
    tx.execute("select pg_sleep(600)", &[]).await?;
    Ok(())
}
