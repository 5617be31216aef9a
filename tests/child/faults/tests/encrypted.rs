//! Tests whose server is reached with TLS only, with the feature `rustls`. They all pass.

use std::time::Duration;

use aiodal::{DataAccessLayer, DatabaseUrl, Migrations, Pool, PoolOptions, Sandbox, Transaction};
use tokio::time::timeout;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

struct Prepared;

#[aiodal::session]
impl aiodal::Session for Prepared {
    fn migrations() -> Migrations {
        Migrations::dir("migrations")
    }

    async fn seed(tx: &mut Transaction) -> std::result::Result<(), aiodal::BoxError> {
        assert!(speaks_tls(tx).await?, "the template is made with it too");
        Ok(())
    }
}

const TLS: &str = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";

/// More than a socket takes at once, in either direction.
const LENGTH: i32 = 4 << 20;

async fn speaks_tls(tx: &Transaction) -> aiodal::Result<bool> {
    tx.query_scalar(TLS, &[]).await
}

/// The pool has one connection, which goes from one test's runtime to the next one's.
#[aiodal::test]
async fn a_transaction(tx: &mut Transaction) -> Result {
    assert!(speaks_tls(tx).await?);
    tx.execute("insert into author (name) values ('Hep')", &[])
        .await?;
    let text: String = tx
        .query_scalar("select repeat('x', $1)", &[&LENGTH])
        .await?;
    let length: i32 = tx.query_scalar("select length($1)", &[&text]).await?;
    assert_eq!(length, LENGTH);
    let mut copy = tx.copy_in("copy author (name) from stdin").await?;
    copy.send("Max\n").await?;
    assert_eq!(copy.finish().await?, 1);
    Ok(())
}

#[aiodal::test(flavor = "multi_thread")]
async fn a_transaction_on_several_threads(tx: &Transaction) -> Result {
    assert!(speaks_tls(tx).await?);
    let left: i64 = tx.query_scalar("select count(*) from author", &[]).await?;
    assert_eq!(left, 0, "the other test was rolled back");
    Ok(())
}

/// Sends and receives much, has a statement cancelled, and goes on.
async fn exercise(pool: &Pool, name: &str) -> Result {
    let connection = pool.get().await?;
    let client = connection.client();
    let text = "x".repeat(usize::try_from(LENGTH)?);
    let row = client
        .query_one("select $1 || repeat('y', $2)", &[&text, &LENGTH])
        .await?;
    assert_eq!(row.get::<_, &str>(0).len(), 2 * text.len());
    let token = connection.cancel_token();
    let mut sleep = std::pin::pin!(client.batch_execute("select pg_sleep(60)"));
    let ended = loop {
        match timeout(Duration::from_millis(100), sleep.as_mut()).await {
            Ok(ended) => break ended,
            // The first may overtake the statement.
            Err(_) => token.cancel().await?,
        }
    };
    let error = ended.err().ok_or("it was not cancelled")?;
    assert_eq!(error.code().map(aiodal::SqlState::code), Some("57014"));
    client
        .execute("insert into author (name) values ($1)", &[&name])
        .await?;
    Ok(())
}

#[aiodal::test]
async fn a_sandbox(sandbox: Sandbox) -> Result {
    let client = sandbox.client().await?;
    assert!(client.query_one(TLS, &[]).await?.get::<_, bool>(0));
    exercise(&sandbox.pool().await?, "Hep").await?;
    // From here on the engine runs on the session's runtime, in the middle of the TLS session.
    let outside = PoolOptions::new().connect(&sandbox.url().await?).await?;
    exercise(&outside, "Max").await?;
    let sql =
        "select count(*), (select ssl from pg_stat_ssl where pid = pg_backend_pid()) from author";
    let row = client.query_one(sql, &[]).await?;
    assert_eq!((row.get::<_, i64>(0), row.get::<_, bool>(1)), (2, true));
    Ok(())
}

#[aiodal::test(flavor = "multi_thread")]
async fn a_sandbox_beside_a_transaction(sandbox: Sandbox, tx: &Transaction) -> Result {
    exercise(&sandbox.pool().await?, "Hep").await?;
    assert!(speaks_tls(tx).await?);
    let seen: i64 = tx.query_scalar("select count(*) from author", &[]).await?;
    assert_eq!(seen, 1);
    Ok(())
}

#[aiodal::test(isolation = "database")]
async fn a_database(dal: DataAccessLayer, pool: Pool, url: DatabaseUrl) -> Result {
    exercise(&pool, "Hep").await?;
    let tx = dal.transaction().await?;
    assert!(speaks_tls(&tx).await?);
    let seen: i64 = tx.query_scalar("select count(*) from author", &[]).await?;
    assert_eq!(seen, 1, "what a pool does is committed");
    tx.commit().await?;
    let another = aiodal::connect(&url.connection_string()).await?;
    assert!(speaks_tls(&Transaction::begin(&another).await?).await?);
    Ok(())
}

#[aiodal::test]
async fn z_the_connection_has_outlived_them(tx: &Transaction) -> Result {
    assert!(speaks_tls(tx).await?);
    Ok(())
}
