//! A session whose schema comes from wherever the parent says.

use std::path::Path;
use std::time::Duration;

use aiodal::{BoxError, DataAccessLayer, Migrations, Session, Transaction};

struct Migrated;

#[aiodal::session]
impl Session for Migrated {
    fn migrations() -> Migrations {
        let source = variable("CHILD_SOURCE");
        if let Some(line) = source.strip_prefix("command ") {
            let limit = Duration::from_secs(variable("CHILD_LIMIT").parse().unwrap_or(60));
            return Migrations::command(line)
                .input(variable("CHILD_INPUT"))
                .timeout(limit);
        }
        match source.as_str() {
            "schema, directory, tool, function" => Migrations::schema("sources/log.sql")
                .then(Migrations::dir("sources/later"))
                .then(Migrations::command(tool("writes_by_url")).input("tests/migrated.rs"))
                .then(Migrations::run("by hand", |url| async move {
                    note(&url.connection_string(), "function").await
                })),
            "a function that fails" => Migrations::run("by hand", |_| async {
                Err::<(), _>("there is no such table")
            }),
            "a function that panics" => Migrations::run("by hand", |url| async move {
                assert_eq!(url.database(), "", "the table is there");
                Ok::<_, BoxError>(())
            }),
            "a function that hangs" => {
                let hanging = |_| std::future::pending::<Result<(), BoxError>>();
                Migrations::run("by hand", hanging).timeout(Duration::from_millis(50))
            }
            path if Path::new(env!("CARGO_MANIFEST_DIR")).join(path).is_file() => {
                Migrations::schema(path)
            }
            path => Migrations::dir(path),
        }
    }
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

/// The command line that runs one of this binary's ignored tests.
fn tool(name: &str) -> String {
    let binary = std::env::current_exe().expect("the binary knows where it is");
    format!("'{}' --ignored --exact {name}", binary.display())
}

async fn note(url: &str, name: &str) -> Result<(), BoxError> {
    let dal = DataAccessLayer::connect(url).await?;
    let tx = dal.transaction().await?;
    tx.execute("insert into log (name) values ($1)", &[&name])
        .await?;
    tx.commit().await?;
    Ok(())
}

#[aiodal::test]
async fn names_are_as_expected(tx: &Transaction) -> aiodal::Result<()> {
    let sql = "select coalesce(string_agg(name, ' ' order by id), '') from log";
    let names: String = tx.query_scalar(sql, &[]).await?;
    assert_eq!(names, variable("CHILD_EXPECTED"));
    Ok(())
}

#[tokio::test]
#[ignore = "a tool that a session runs"]
async fn writes_by_url() -> Result<(), BoxError> {
    note(&variable("DATABASE_URL"), "tool").await
}

#[tokio::test]
#[ignore = "a tool that a session runs"]
async fn writes_by_variables() -> Result<(), BoxError> {
    let dal = DataAccessLayer::connect("").await?;
    let tx = dal.transaction().await?;
    let sql = "create table log (id serial primary key, name text not null); insert into log (name) values ('variables')";
    tx.batch_execute(sql).await?;
    tx.commit().await?;
    Ok(())
}
