//! Errors, and going on after them.

use drivers::Outcome;
use tokio_postgres::error::{ErrorPosition, SqlState};

use super::{ADD, assert_fails, connect, count};

const NEGATIVE: &str = "insert into item (name, price) values ($1, -1)";

pub(super) async fn exercise(url: &str) -> Outcome {
    outside_of_a_transaction(url).await?;
    in_a_transaction(url).await?;
    at_the_commit(url).await
}

async fn outside_of_a_transaction(url: &str) -> Outcome {
    let client = connect(url).await?;
    assert_fails(
        client.execute(NEGATIVE, &[&"negative"]).await,
        &SqlState::CHECK_VIOLATION,
    );
    client.execute(ADD, &[&"after an error"]).await?;
    assert_eq!(count(&client, "after an error").await?, 1);

    let error = client
        .execute(NEGATIVE, &[&"negative"])
        .await
        .expect_err("it is checked");
    let told = error.as_db_error().expect("the server has said it");
    assert_eq!(told.table(), Some("item"));
    assert_eq!(told.constraint(), Some("price_is_not_negative"));

    let error = client
        .batch_execute("select 1; selec 2")
        .await
        .expect_err("that is no SQL");
    let told = error.as_db_error().expect("the server has said it");
    assert_eq!(told.position(), Some(&ErrorPosition::Original(11)));
    let error = client
        .prepare("select nothing")
        .await
        .expect_err("there is no such column");
    let told = error.as_db_error().expect("the server has said it");
    assert_eq!(told.code(), &SqlState::UNDEFINED_COLUMN);
    assert_eq!(told.position(), Some(&ErrorPosition::Original(8)));

    // The statements of one string are one transaction.
    let batch = "insert into item (name) values ('of a batch'); select 1 / 0";
    assert_fails(
        client.batch_execute(batch).await,
        &SqlState::DIVISION_BY_ZERO,
    );
    assert_eq!(count(&client, "of a batch").await?, 0);
    Ok(())
}

async fn in_a_transaction(url: &str) -> Outcome {
    let (mut client, other) = (connect(url).await?, connect(url).await?);
    let tx = client.transaction().await?;
    tx.execute(ADD, &[&"before an error"]).await?;
    assert_fails(
        tx.execute(NEGATIVE, &[&"negative"]).await,
        &SqlState::CHECK_VIOLATION,
    );
    assert_fails(
        tx.query("select 1", &[]).await,
        &SqlState::IN_FAILED_SQL_TRANSACTION,
    );
    assert_fails(
        tx.batch_execute("select 1").await,
        &SqlState::IN_FAILED_SQL_TRANSACTION,
    );
    tx.rollback().await?;
    assert_eq!(count(&other, "before an error").await?, 0);

    // The server rolls it back, and calls that a success.
    let tx = client.transaction().await?;
    tx.execute(ADD, &[&"failed, then committed"]).await?;
    assert_fails(
        tx.batch_execute("select 1 / 0").await,
        &SqlState::DIVISION_BY_ZERO,
    );
    tx.commit().await?;
    assert_eq!(count(&other, "failed, then committed").await?, 0);
    client.execute(ADD, &[&"after both"]).await?;
    assert_eq!(count(&other, "after both").await?, 1);
    Ok(())
}

async fn at_the_commit(url: &str) -> Outcome {
    let (mut client, other) = (connect(url).await?, connect(url).await?);
    let tx = client.transaction().await?;
    tx.execute(ADD, &[&"deferred"]).await?;
    tx.execute("insert into line (item) values (-1)", &[])
        .await?;
    assert_fails(tx.commit().await, &SqlState::FOREIGN_KEY_VIOLATION);
    assert_eq!(count(&other, "deferred").await?, 0);

    // Each statement outside of a transaction commits, too.
    let orphan = client.execute("insert into line (item) values (-1)", &[]);
    assert_fails(orphan.await, &SqlState::FOREIGN_KEY_VIOLATION);

    let tx = client.transaction().await?;
    tx.execute("insert into line (item) values (-2)", &[])
        .await?;
    tx.execute("insert into item (id, name) values (-2, 'found')", &[])
        .await?;
    tx.commit().await?;
    assert_eq!(count(&other, "found").await?, 1);
    Ok(())
}
