//! What the server of our own is like, seen from within a test.
//!
//! What it survives is tested where it is made; here there is one only if no other server is configured.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use aiodal::Transaction;

/// A server setting, or `None` where the server is not our own.
async fn setting(tx: &Transaction, name: &str) -> aiodal::Result<Option<String>> {
    let sql = "select current_setting($1) where current_setting('cluster_name') = 'aiodal'";
    let row = tx.query_opt(sql, &[&name]).await?;
    if row.is_none() {
        println!("nothing to see: the server is configured, not our own");
    }
    Ok(row.map(|row| row.get(0)))
}

#[aiodal::test]
async fn own_server_is_reached_through_a_private_directory_only(
    tx: &Transaction,
) -> aiodal::Result<()> {
    let Some(addresses) = setting(tx, "listen_addresses").await? else {
        return Ok(());
    };
    assert_eq!(addresses, "");
    let directory = setting(tx, "unix_socket_directories").await?;
    let directory = directory.expect("it is our own");
    // A list of names, each in quotation marks if it needs them.
    let directory = Path::new(directory.trim_matches('"'));
    let mode = std::fs::metadata(directory)
        .expect("the server's directory is there while it runs")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700, "{}", directory.display());
    Ok(())
}

#[aiodal::test]
async fn own_server_ends_by_itself(tx: &Transaction) -> aiodal::Result<()> {
    if setting(tx, "cluster_name").await?.is_none() {
        return Ok(());
    }
    let reapers: i64 = tx
        .query_one(
            "select count(*) from pg_stat_activity where application_name = 'aiodal-reaper'",
            &[],
        )
        .await?
        .get(0);
    assert_eq!(reapers, 1);
    Ok(())
}

#[aiodal::test]
async fn own_server_keeps_nothing_that_it_would_have_to_recover(
    tx: &Transaction,
) -> aiodal::Result<()> {
    for name in ["fsync", "full_page_writes", "restart_after_crash"] {
        let Some(value) = setting(tx, name).await? else {
            return Ok(());
        };
        assert_eq!(value, "off", "{name}");
    }
    Ok(())
}

#[aiodal::test]
async fn own_server_orders_text_as_every_machine_does(tx: &Transaction) -> aiodal::Result<()> {
    let Some(encoding) = setting(tx, "server_encoding").await? else {
        return Ok(());
    };
    assert_eq!(encoding, "UTF8");
    let by_code_point: bool = tx.query_one("select 'Z' < 'a'", &[]).await?.get(0);
    assert!(by_code_point);
    Ok(())
}
