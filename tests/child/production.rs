//! A server that looks like production is refused, unless that is allowed.

use aiodal::Transaction;

use crate::crates::faults;
use crate::run::{Outcome, run};
use crate::server::{config, connect, url};

#[test]
fn url_that_looks_like_production_is_refused_before_anybody_connects() {
    let url = "postgres://me:hunter2@shop.prod.invalid/shop";
    for variable in ["AIODAL_DATABASE_URL", "DATABASE_URL"] {
        let mut child = faults("plain");
        child
            .args(["--exact", "answers"])
            .env_remove("AIODAL_DATABASE_URL")
            .env(variable, url);
        let report = run(&mut child);
        report.assert_failed(&["answers"]);
        report.assert_says(
            "answers",
            &[
                "test set-up failed",
                "refused to test on postgres://me@shop.prod.invalid:5432/shop",
                "its host `shop.prod.invalid` has the word `prod` in it",
                &format!("the URL comes from environment variable {variable}"),
                "AIODAL_ALLOW_PRODUCTION=true",
            ],
        );
        report.assert_keeps("hunter2");
        // Allowed, it is tried.
        let report = run(child.env("AIODAL_ALLOW_PRODUCTION", "true"));
        report.assert_says(
            "answers",
            &["failed to connect to postgres://me@shop.prod.invalid"],
        );
    }
}

#[aiodal::test(flavor = "multi_thread")]
async fn database_that_looks_like_production_is_used_where_that_is_allowed(
    tx: &Transaction,
) -> aiodal::Result<()> {
    let config = config(tx).await;
    let client = connect(&config).await;
    let name = format!("shop_live_{}", std::process::id());
    let sql = format!("create database {name}");
    client
        .batch_execute(&sql)
        .await
        .expect("the session's role may create databases");
    let mut child = faults("plain");
    child
        .args(["--exact", "answers"])
        .env("AIODAL_DATABASE_URL", url(&config, &name));
    let (refused, allowed) = tokio::task::block_in_place(|| {
        let refused = run(&mut child);
        (refused, run(child.env("AIODAL_ALLOW_PRODUCTION", "true")))
    });
    let sql = format!("drop database {name} with (force)");
    client.batch_execute(&sql).await.expect("it is there");
    refused.assert_failed(&["answers"]);
    let sign = format!("its database `{name}` has the word `live` in it");
    refused.assert_says("answers", &["refused to test on", &sign]);
    assert_eq!(allowed.with(Outcome::Ok), ["answers"], "{allowed:#?}");
    Ok(())
}
