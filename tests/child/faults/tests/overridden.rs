//! A session that overrides in code what can be; some of it only where a variable asks for it.

use std::time::Duration;

use aiodal::{
    BoxError, Config, DataAccessLayer, DataAccessLayerBuilder, Isolation, Keep, PoolOptions,
    Reflect, ShowSql, Transaction,
};

struct Overriding;

#[aiodal::session]
impl aiodal::Session for Overriding {
    fn configure(config: &mut Config) {
        if std::env::var_os("OVERRIDE_IN_CODE").is_none() {
            return;
        }
        if config.database_url.is_some() {
            config.database_url = Some("postgres://code:hunter2@127.0.0.1:1/code".to_owned());
        }
        config.echo = true;
        config.timeout = Some(Duration::from_secs(57));
        config.migrations = Some("./migrations".into());
        config.isolation = Isolation::Rollback;
        config.keep = Keep::Failed;
        config.sql = ShowSql::Failed;
        config.lock_wait = Duration::from_secs(7);
        config.sandbox_wait = Duration::from_secs(7);
        config.ambient = true;
        config.settings.insert("work_mem".into(), "7MB".into());
        config.pool.max_size = Some(1);
        config.pool.connection_timeout = Duration::from_secs(27);
        config.postgres.linger = Some(Duration::from_millis(700));
        match std::env::var("OVERRIDE_IN_CODE").as_deref() {
            Ok("postgres.bin") => config.postgres.bin = Some("/no/such/code".into()),
            Ok("postgres.version") => config.postgres.version = Some("97".to_owned()),
            Ok("postgres.user") => config.postgres.user = Some("no-such-code".to_owned()),
            Ok("allow_production") => {
                config.database_url = Some("postgres://me@127.0.0.1:1/shop_live".to_owned());
                config.allow_production = true;
            }
            _ => {}
        }
    }

    fn data_access_layer(builder: DataAccessLayerBuilder) -> DataAccessLayerBuilder {
        let pool = PoolOptions::new()
            .lock_timeout(Duration::from_secs(77))
            .on_connect("set local timezone to 'Asia/Tokyo' -- for all tests")
            .on_connect("set local work_mem to '11MB'");
        builder
            .pool(pool)
            .reflect(Reflect::new().search_path(false).schemas(["lending"]))
    }

    async fn begin(tx: &mut Transaction) -> Result<(), BoxError> {
        match std::env::var("BEGIN").as_deref() {
            Ok("fails") => return Err("the library is closed".into()),
            Ok("panics") => panic!("the library is on fire"),
            _ => {}
        }
        // A test with `isolation = "none"` can only read.
        if setting(tx, "transaction_read_only").await? == "off" {
            tx.execute("insert into lending.loan values ('Emma')", &[])
                .await?;
        }
        Ok(())
    }

    async fn seed(tx: &mut Transaction) -> Result<(), BoxError> {
        tx.batch_execute("create schema lending; create table lending.loan (book text); create table other (id int)")
            .await?;
        Ok(())
    }
}

/// What one test alone can say: another server, database, pool, migrations.
struct Elsewhere;

#[aiodal::session(named)]
impl aiodal::Session for Elsewhere {
    fn configure(config: &mut Config) {
        config.database_url = Some("postgres://elsewhere:hunter2@127.0.0.1:1/elsewhere".to_owned());
        config.pool.max_size = Some(4);
        config.migrations = Some("./broken_migrations".into());
    }
}

/// A server of our own that cannot be started, though one is given.
struct Unprovisioned;

#[aiodal::session(named)]
impl aiodal::Session for Unprovisioned {
    fn configure(config: &mut Config) {
        config.database_url = None;
        config.postgres.bin = Some("/no/such/session".into());
    }
}

async fn setting(tx: &Transaction, name: &str) -> aiodal::Result<String> {
    tx.query_scalar("select current_setting($1)", &[&name])
        .await
}

#[aiodal::test]
async fn answers(tx: &Transaction) -> aiodal::Result<()> {
    tx.batch_execute("select 1").await
}

/// Says whether a data access layer of one's own making finds the test.
async fn finds_the_test() -> bool {
    let made = DataAccessLayer::connect("postgres://nobody@127.0.0.1:1/nothing").await;
    let Ok(dal) = made else { return false };
    let tx = dal.transaction().await.expect("the sandbox is there");
    tx.batch_execute("select from lending.loan").await.is_ok()
}

#[aiodal::test]
async fn is_ambient_where_that_is_configured() {
    assert!(finds_the_test().await);
}

#[aiodal::test(ambient = false)]
async fn is_not_ambient_whatever_is_configured() {
    assert!(!finds_the_test().await);
}

#[aiodal::test(ambient)]
async fn is_ambient_whatever_is_configured() {
    assert!(finds_the_test().await);
}

#[aiodal::test]
async fn each_transaction_starts_alike_one(tx: &Transaction) -> aiodal::Result<()> {
    starts_alike(tx).await
}

#[aiodal::test]
async fn each_transaction_starts_alike_two(tx: &Transaction) -> aiodal::Result<()> {
    starts_alike(tx).await
}

/// Fails in whichever test comes second, if it sees anything of the first.
async fn starts_alike(tx: &Transaction) -> aiodal::Result<()> {
    let loans: i64 = tx
        .query_scalar("select count(*) from lending.loan", &[])
        .await?;
    assert_eq!(loans, 1);
    assert_eq!(setting(tx, "timezone").await?, "Asia/Tokyo");
    assert_eq!(setting(tx, "work_mem").await?, "11MB");
    tx.batch_execute("set timezone to 'UTC'; reset work_mem; delete from lending.loan")
        .await
}

#[aiodal::test]
async fn lock_timeout_is_as_expected(tx: &Transaction) -> aiodal::Result<()> {
    let expected = std::env::var("EXPECTED_LOCK_TIMEOUT").ok();
    assert_eq!(Some(setting(tx, "lock_timeout").await?), expected);
    Ok(())
}

#[aiodal::test]
async fn layer_reflects_what_the_code_says(dal: &DataAccessLayer) -> aiodal::Result<()> {
    let schema = dal.schema().await?;
    let tables: Vec<&str> = schema
        .tables
        .iter()
        .map(|table| table.name.name.as_str())
        .collect();
    assert_eq!(tables, ["loan"]);
    Ok(())
}

#[aiodal::test(echo = true)]
async fn echoes(tx: &Transaction) -> aiodal::Result<()> {
    tx.batch_execute("select 'as the test says'").await?;
    panic!("or nobody would see it");
}

#[aiodal::test(echo = false, timeout = "56s")]
async fn is_silent(tx: &Transaction) -> aiodal::Result<()> {
    tx.batch_execute("select 'as the test says'").await?;
    panic!("or nobody would see it");
}

#[aiodal::test(isolation = "none", isolation_level = "serializable")]
async fn reads_alone(tx: &Transaction) -> aiodal::Result<()> {
    assert_eq!(setting(tx, "transaction_read_only").await?, "on");
    assert_eq!(setting(tx, "transaction_isolation").await?, "serializable");
    Ok(())
}

#[aiodal::test]
async fn level_is_as_expected(tx: &Transaction) -> aiodal::Result<()> {
    let expected = std::env::var("EXPECTED_LEVEL").ok();
    assert_eq!(Some(setting(tx, "transaction_isolation").await?), expected);
    Ok(())
}

#[aiodal::test(session = Elsewhere)]
async fn answers_elsewhere(tx: &Transaction) -> aiodal::Result<()> {
    tx.batch_execute("select 1").await
}

#[aiodal::test(session = Unprovisioned)]
async fn answers_unprovisioned(tx: &Transaction) -> aiodal::Result<()> {
    tx.batch_execute("select 1").await
}
