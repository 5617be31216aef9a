//! Transactions, and what is nested in them.

use drivers::Outcome;
use tokio_postgres::IsolationLevel;
use tokio_postgres::error::SqlState;

use super::{ADD, assert_fails, connect, count};

pub(super) async fn exercise(url: &str) -> Outcome {
    ends(url).await?;
    nested(url).await?;
    read_only(url).await?;
    in_text(url).await
}

async fn ends(url: &str) -> Outcome {
    let (mut one, other) = (connect(url).await?, connect(url).await?);
    let tx = one.transaction().await?;
    tx.execute(ADD, &[&"committed"]).await?;
    tx.commit().await?;
    assert_eq!(count(&other, "committed").await?, 1);

    let tx = one.transaction().await?;
    tx.execute(ADD, &[&"rolled back"]).await?;
    tx.rollback().await?;
    assert_eq!(count(&other, "rolled back").await?, 0);

    let tx = one.transaction().await?;
    tx.execute(ADD, &[&"dropped"]).await?;
    drop(tx);
    assert_eq!(count(&other, "dropped").await?, 0);
    assert_eq!(count(&one, "dropped").await?, 0);

    // A client that goes away in the middle.
    let mut gone = connect(url).await?;
    let tx = gone.transaction().await?;
    tx.execute(ADD, &[&"gone"]).await?;
    drop(tx);
    drop(gone);
    assert_eq!(count(&other, "gone").await?, 0);

    // One that was begun and never used.
    one.transaction().await?.commit().await?;
    one.transaction().await?.rollback().await?;
    assert_eq!(count(&one, "committed").await?, 1);
    Ok(())
}

async fn nested(url: &str) -> Outcome {
    let (mut one, other) = (connect(url).await?, connect(url).await?);
    let mut tx = one.transaction().await?;
    tx.execute(ADD, &[&"outer"]).await?;

    let mut inner = tx.transaction().await?;
    inner.execute(ADD, &[&"inner"]).await?;
    let innermost = inner.savepoint("innermost").await?;
    innermost.execute(ADD, &[&"innermost"]).await?;
    innermost.rollback().await?;
    inner.commit().await?;

    let failing = tx.savepoint("failing").await?;
    assert_fails(
        failing.execute("select 1 / 0", &[]).await,
        &SqlState::DIVISION_BY_ZERO,
    );
    assert_fails(
        failing.execute(ADD, &[&"late"]).await,
        &SqlState::IN_FAILED_SQL_TRANSACTION,
    );
    failing.rollback().await?;

    let dropped = tx.transaction().await?;
    dropped.execute(ADD, &[&"nested and dropped"]).await?;
    drop(dropped);
    tx.execute(ADD, &[&"last"]).await?;
    tx.commit().await?;

    for (name, expected) in [
        ("outer", 1),
        ("inner", 1),
        ("innermost", 0),
        ("late", 0),
        ("nested and dropped", 0),
        ("last", 1),
    ] {
        assert_eq!(count(&other, name).await?, expected, "{name}");
    }
    Ok(())
}

async fn read_only(url: &str) -> Outcome {
    let mut client = connect(url).await?;
    let tx = client.build_transaction().read_only(true).start().await?;
    assert_fails(
        tx.execute(ADD, &[&"read only"]).await,
        &SqlState::READ_ONLY_SQL_TRANSACTION,
    );
    tx.rollback().await?;
    // The next may write again; and the level that is the server's own may be said.
    let tx = client
        .build_transaction()
        .isolation_level(IsolationLevel::ReadCommitted)
        .start()
        .await?;
    tx.execute(ADD, &[&"read committed"]).await?;
    tx.commit().await?;
    assert_eq!(count(&client, "read committed").await?, 1);
    Ok(())
}

/// Transactions that the driver knows nothing of.
async fn in_text(url: &str) -> Outcome {
    let client = connect(url).await?;
    client
        .batch_execute("begin; insert into item (name) values ('one string'); commit")
        .await?;
    assert_eq!(count(&client, "one string").await?, 1);

    client.batch_execute("start transaction").await?;
    client.execute(ADD, &[&"chained"]).await?;
    client.batch_execute("commit and chain").await?;
    client.execute(ADD, &[&"chained and rolled back"]).await?;
    client.execute("rollback", &[]).await?;
    assert_eq!(count(&client, "chained").await?, 1);
    assert_eq!(count(&client, "chained and rolled back").await?, 0);

    // With no transaction it is a warning, and with one a second BEGIN is.
    client.batch_execute("commit").await?;
    client.batch_execute("begin; begin").await?;
    client.execute(ADD, &[&"begun twice"]).await?;
    client.batch_execute("rollback").await?;
    assert_eq!(count(&client, "begun twice").await?, 0);
    assert_fails(
        client.batch_execute("savepoint nowhere").await,
        &SqlState::NO_ACTIVE_SQL_TRANSACTION,
    );
    Ok(())
}
