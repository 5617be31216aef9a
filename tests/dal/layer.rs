//! The data access layer over a pool: what it remembers of the schema, and when it forgets.

use std::process::Command;
use std::sync::Arc;

use aiodal::{DataAccessLayer, PoolOptions, Reflect, Schema, TableSource, Transaction};

use crate::database::with_database;

const SETUP: &str = "create table author (id serial primary key, name text not null, \
        constraint author_name unique (name)); \
    create view authors as select name from author; \
    create schema sales; create table sales.orders (id int primary key, total int, made date)";

#[aiodal::test]
async fn a_table_is_reflected_once_until_ddl_commits(tx: &Transaction) -> aiodal::Result<()> {
    with_database(tx, "layer_cache", async |database| {
        database.other.batch_execute(SETUP).await.expect("DDL");
        let dal = DataAccessLayer::connect(&database.url).await?;
        let first = dal.table("author").await?;
        assert_eq!(first.columns.len(), 2);
        assert!(Arc::ptr_eq(&first, &dal.table("author").await?));

        // Somebody else's DDL is not seen before `refresh`.
        let sql = "alter table author add born int";
        database.other.batch_execute(sql).await.expect("DDL");
        assert!(Arc::ptr_eq(&first, &dal.table("author").await?));
        dal.refresh();
        assert_eq!(dal.table("author").await?.columns.len(), 3);
        assert_eq!(first.columns.len(), 2, "a snapshot stays as it is");

        // One's own is: by its transaction at once, by others once it commits.
        let tx = dal.transaction().await?;
        tx.batch_execute("alter table author add died int").await?;
        assert_eq!(tx.table("author").await?.columns.len(), 4);
        assert_eq!(dal.table("author").await?.columns.len(), 3);
        tx.commit().await?;
        assert_eq!(dal.table("author").await?.columns.len(), 4);
        Ok(())
    })
    .await
}

#[aiodal::test]
async fn ddl_that_is_rolled_back_is_remembered_by_nobody(tx: &Transaction) -> aiodal::Result<()> {
    with_database(tx, "layer_rollback", async |database| {
        let function = "create function make() returns void language plpgsql as \
            $$ begin execute 'create ' || 'table hidden (id int)'; end $$";
        database.other.batch_execute(SETUP).await.expect("DDL");
        database.other.batch_execute(function).await.expect("DDL");
        let dal = DataAccessLayer::connect(&database.url).await?;
        let tx = dal.transaction().await?;
        // Nothing in the statement says that it is DDL.
        tx.execute("select make()", &[]).await?;
        assert_eq!(tx.table("hidden").await?.columns.len(), 1);
        tx.rollback().await?;
        let error = dal.table("hidden").await.expect_err("it was rolled back");
        assert!(error.is_not_found(), "{error:#}");
        Ok(())
    })
    .await
}

#[aiodal::test]
async fn the_whole_schema_is_reflected_once_for_all_who_ask(
    tx: &Transaction,
) -> aiodal::Result<()> {
    with_database(tx, "layer_whole", async |database| {
        database.other.batch_execute(SETUP).await.expect("DDL");
        let dal = DataAccessLayer::builder()
            .pool(PoolOptions::new().max_size(2).application_name("layer"))
            .reflect(Reflect::new().schemas(["sales"]).views(false))
            .connect(&database.url)
            .await?;
        let asked = futures_util::future::try_join_all((0..8).map(|_| dal.schema())).await?;
        assert!(asked.iter().all(|schema| Arc::ptr_eq(schema, &asked[0])));
        let names: Vec<String> = asked[0]
            .tables
            .iter()
            .map(|table| table.name.to_string())
            .collect();
        assert_eq!(names, ["public.author", "sales.orders"]);
        // What is outside of it is found all the same.
        assert_eq!(dal.table("authors").await?.name.name, "authors");
        let constraint = dal.unique_constraint("author").await?;
        assert_eq!(
            (constraint.name.as_str(), constraint.columns.as_slice()),
            ("author_name", &["name".to_owned()][..])
        );
        Ok(())
    })
    .await
}

#[aiodal::test]
async fn a_miss_names_what_is_near_and_where_it_looked(tx: &Transaction) -> aiodal::Result<()> {
    with_database(tx, "layer_miss", async |database| {
        database.other.batch_execute(SETUP).await.expect("DDL");
        let dal = DataAccessLayer::connect(&database.url).await?;
        let error = dal.table("autor").await.expect_err("there is none");
        let said = error.to_string();
        assert!(
            said.contains("no table") && said.contains("autor"),
            "{said}"
        );
        assert!(
            said.contains("in public") && said.contains("author"),
            "{said}"
        );
        let error = dal.table("sales.order").await.expect_err("there is none");
        assert!(error.to_string().contains("orders"), "{error}");
        let error = dal.table("nowhere.orders").await.expect_err("no schema");
        assert!(error.is_not_found(), "{error}");
        Ok(())
    })
    .await
}

#[aiodal::test]
async fn a_violated_constraint_is_told_with_its_columns(tx: &Transaction) -> aiodal::Result<()> {
    with_database(tx, "layer_columns", async |database| {
        database.other.batch_execute(SETUP).await.expect("DDL");
        let dal = DataAccessLayer::connect(&database.url).await?;
        let sql = "insert into author (name) values ('Hep'), ('Hep')";
        let violate = async || {
            let tx = dal.transaction().await?;
            Ok::<_, aiodal::Error>(tx.execute(sql, &[]).await.expect_err("two of them"))
        };
        let error = violate().await?;
        assert!(error.columns().is_empty(), "its table is not known yet");
        assert_eq!(dal.violated_columns(&error).await?, ["name"]);
        let error = violate().await?;
        assert_eq!(error.columns(), ["name"]);
        assert!(format!("{error:#}").contains("columns: name"), "{error:#}");
        Ok(())
    })
    .await
}

#[aiodal::test]
async fn an_alias_is_the_transactions_before_it_is_the_layers(
    tx: &Transaction,
) -> aiodal::Result<()> {
    with_database(tx, "layer_alias", async |database| {
        database.other.batch_execute(SETUP).await.expect("DDL");
        let dal = DataAccessLayer::connect(&database.url).await?;
        let orders = dal.table("sales.orders").await?;
        let author = dal.table("author").await?;
        dal.set_alias("recent", TableSource::table(&orders)?)?;
        assert_eq!(
            dal.alias("recent")?.to_string(),
            r#""sales"."orders" as "recent""#
        );
        let mut tx = dal.transaction().await?;
        let sql = format!("select count(recent.total) from {}", tx.alias("recent")?);
        assert_eq!(tx.query_one(&sql, &[]).await?.get::<_, i64>(0), 0);
        tx.set_alias("recent", TableSource::table(&author)?)?;
        let behind = tx.savepoint().await?;
        assert_eq!(
            behind.alias("recent")?.to_string(),
            r#""public"."author" as "recent""#
        );
        drop(behind);
        // Neither another transaction nor another layer has it.
        let other = dal.transaction().await?;
        assert!(other.alias("recent")?.to_string().contains("orders"));
        let other = DataAccessLayer::connect(&database.url).await?;
        assert!(other.alias("recent").expect_err("none").is_not_found());
        let error = dal.alias("recnet").expect_err("a slip of the pen");
        assert!(
            error.to_string().contains("did you mean \"recent\"?"),
            "{error}"
        );
        Ok(())
    })
    .await
}

#[aiodal::test]
async fn a_pool_of_bb8_postgres_serves_as_well(tx: &Transaction) -> aiodal::Result<()> {
    with_database(tx, "layer_foreign", async |database| {
        database.other.batch_execute(SETUP).await.expect("DDL");
        let config = database.url.parse().expect("a URL");
        let source = bb8_postgres::PostgresConnectionManager::new(config, tokio_postgres::NoTls);
        let pool = bb8::Pool::builder().max_size(1).build_unchecked(source);
        let dal = DataAccessLayer::from_pool(pool);
        let author = dal.table("author").await?;
        let id: i32 = dal
            .with_transaction(async |tx| {
                let row = author.insert().set("name", &"Hep").returning(["id"]);
                aiodal::Result::Ok(row.fetch_one(tx).await?.get(0))
            })
            .await?;
        let tx = dal.transaction().await?;
        let name: String = tx
            .query_scalar("select name from author where id = $1", &[&id])
            .await?;
        assert_eq!(name, "Hep");
        Ok(())
    })
    .await
}

#[aiodal::test]
async fn lookups_can_be_spawned(tx: &Transaction) -> aiodal::Result<()> {
    fn is_send<T: Send>(future: T) -> T {
        future
    }
    tx.batch_execute("create table author (id int)").await?;
    let name: &str = "author";
    let (table, schema) = (is_send(tx.table(name)), is_send(tx.schema()));
    assert_eq!(table.await?.columns.len(), 1);
    assert!(schema.await?.table("author").is_ok());
    let table = is_send(aiodal::schema::Table::reflect(tx, name)).await?;
    assert_eq!(table.columns.len(), 1);
    is_send(Schema::reflect(tx, &Reflect::new())).await?;
    Ok(())
}

#[test]
fn connect_or_exit_says_why_in_one_line_and_exits_with_1() {
    // This test runs itself again: only another process can show an exit.
    if std::env::var_os("AIODAL_TEST_EXIT").is_some() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let url = "postgres://me:hunter2@127.0.0.1:1/library";
        runtime
            .expect("a runtime")
            .block_on(DataAccessLayer::connect_or_exit(url));
    }
    let output = Command::new(std::env::current_exe().expect("this binary"))
        .args([
            "--exact",
            "layer::connect_or_exit_says_why_in_one_line_and_exits_with_1",
            "--nocapture",
        ])
        .env("AIODAL_TEST_EXIT", "1")
        .output()
        .expect("it can be started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 1, "{said}");
    assert!(
        lines[0].starts_with("error: ") && lines[0].contains("127.0.0.1:1"),
        "{said}"
    );
    assert!(!said.contains("hunter2"), "{said}");
}
