//! Databases whose encoding is not UTF-8.

use std::panic::{AssertUnwindSafe, resume_unwind};

use aiodal::{ConnectionSource, DatabaseUrl, Pool, Transaction};
use futures_util::FutureExt;

use super::compare::Comparison;
use super::types::TYPES;
use super::values::values;
use crate::server;

#[aiodal::test]
async fn odd_values_are_read_as_a_server_of_another_encoding_reads_them(tx: &mut Transaction) {
    let mut config = server::config(tx).await;
    let admin = server::connect(&config).await;
    for encoding in ["latin1", "sql_ascii", "euc_jp"] {
        // Two runs of this binary may be at it at once.
        let name = format!("convert_{encoding}_{}", std::process::id());
        let create = format!(
            "create database {name} encoding '{encoding}' template template0 lc_collate 'C' lc_ctype 'C'"
        );
        let created = admin.batch_execute(&create).await;
        created.expect("the session's role may create databases");
        config.dbname(&name);
        let checked = check(server::url(&config, &name), encoding);
        let checked = AssertUnwindSafe(checked).catch_unwind().await;
        let dropped = admin
            .batch_execute(&format!("drop database {name} with (force)"))
            .await;
        dropped.expect("the database can be dropped");
        match checked {
            Ok(checked) => checked.unwrap_or_else(|error| panic!("{encoding}: {error:?}")),
            Err(panic) => resume_unwind(panic),
        }
    }
}

async fn check(url: String, encoding: &str) -> aiodal::Result<()> {
    let url: DatabaseUrl = url.parse().expect("a URL");
    let pool = Pool::builder()
        .max_size(1)
        .build_unchecked(ConnectionSource::new(&url));
    let mut tx = Transaction::begin(&pool).await?;
    let mut comparison = Comparison::new(&mut tx).await?;
    for of in TYPES {
        comparison.check(of, values(of.family)).await?;
    }
    comparison.pass(encoding);
    tx.rollback().await
}
