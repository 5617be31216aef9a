//! An application: a data access layer in a static, made by whoever comes first, and functions that commit.

use std::sync::OnceLock;

use aiodal::{DataAccessLayer, PoolOptions, Result};
use tokio::sync::OnceCell;

/// Nobody listens there.
pub(crate) const URL: &str = "postgres://nobody@127.0.0.1:1/nothing";

/// Made by whichever test is the first to call.
static DAL: OnceCell<DataAccessLayer> = OnceCell::const_new();

/// How many were made.
static MADE: OnceLock<()> = OnceLock::new();

pub(crate) async fn dal() -> Result<&'static DataAccessLayer> {
    let make = || async {
        let options = PoolOptions::new()
            .application_name("app")
            .search_path(["app", "public"]);
        let dal = DataAccessLayer::builder()
            .pool(options)
            .connect(URL)
            .await?;
        assert!(MADE.set(()).is_ok(), "it is made once");
        Ok(dal)
    };
    DAL.get_or_try_init(make).await
}

/// Adds a name, and commits. A name that is there already is an error.
pub(crate) async fn add(name: &str) -> Result<()> {
    let tx = dal().await?.transaction().await?;
    tx.execute("insert into app.member (name) values ($1)", &[&name])
        .await?;
    tx.commit().await
}

/// Returns all names, in order.
pub(crate) async fn names() -> Result<Vec<String>> {
    let tx = dal().await?.transaction().await?;
    // By the search path that the application has set.
    let rows = tx
        .query("select name from member order by name", &[])
        .await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Adds two, or none.
pub(crate) async fn add_both(names: [&str; 2]) -> Result<()> {
    let dal = dal().await?;
    dal.with_transaction(async |tx| {
        for name in names {
            tx.execute("insert into app.member (name) values ($1)", &[&name])
                .await?;
        }
        Ok(())
    })
    .await
}
