//! Prepared statements, portals and pipelines.

use std::pin::pin;

use drivers::Outcome;
use futures_util::TryStreamExt as _;
use futures_util::future::try_join_all;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;

use super::{ADD, assert_fails, connect, count};

pub(super) async fn exercise(url: &str) -> Outcome {
    prepared(url).await?;
    portals(url).await?;
    pipelined(url).await?;
    settings(url).await
}

async fn prepared(url: &str) -> Outcome {
    let (mut one, mut other) = (connect(url).await?, connect(url).await?);
    let add = one.prepare(ADD).await?;
    let double = one.prepare("select $1::int * 2").await?;
    let same = other.prepare(ADD).await?;
    for round in 0..3 {
        one.execute(&add, &[&"prepared"]).await?;
        other.execute(&same, &[&"prepared"]).await?;
        let doubled: i32 = one.query_one(&double, &[&round]).await?.get(0);
        assert_eq!(doubled, round * 2);
    }
    assert_eq!(count(&other, "prepared").await?, 6);

    // It outlives the transaction that it was made in, rolled back or not.
    let tx = other.transaction().await?;
    let negated = tx.prepare("select -$1::int").await?;
    tx.rollback().await?;
    let row = other.query_one(&negated, &[&3_i32]).await?;
    assert_eq!(row.get::<_, i32>(0), -3);

    // And an error.
    let divide = one.prepare("select 6 / $1::int").await?;
    let tx = one.transaction().await?;
    assert_fails(
        tx.query(&divide, &[&0_i32]).await,
        &SqlState::DIVISION_BY_ZERO,
    );
    tx.rollback().await?;
    let row = one.query_one(&divide, &[&2_i32]).await?;
    assert_eq!(row.get::<_, i32>(0), 3);

    // Dropped, it is closed on the server; the other client's is not.
    drop(add);
    other.execute(&same, &[&"prepared"]).await?;
    one.execute(ADD, &[&"prepared"]).await?;
    assert_eq!(count(&one, "prepared").await?, 8);

    // Those of SQL have names that the application chooses, the same on both.
    for (client, number) in [(&one, 1), (&other, 2)] {
        let sql = format!("prepare chosen as select {number}");
        client.batch_execute(&sql).await?;
    }
    for (client, number) in [(&one, 1), (&other, 2)] {
        let row = client.query_one("execute chosen", &[]).await?;
        assert_eq!(row.get::<_, i32>(0), number);
    }
    one.batch_execute("deallocate chosen").await?;
    assert_fails(
        one.batch_execute("execute chosen").await,
        &SqlState::INVALID_SQL_STATEMENT_NAME,
    );
    other.batch_execute("execute chosen").await?;
    Ok(())
}

async fn portals(url: &str) -> Outcome {
    let (mut client, other) = (connect(url).await?, connect(url).await?);
    let tx = client.transaction().await?;
    let numbers = tx.bind("select generate_series(1, 7)", &[]).await?;
    let letters = tx.bind("select chr(96 + generate_series(1, 3))", &[]);
    let letters = letters.await?;
    let mut sizes = Vec::new();
    loop {
        let rows = tx.query_portal(&numbers, 3).await?;
        sizes.push(rows.len());
        if rows.is_empty() {
            break;
        }
        // What runs between two fetches leaves the portal alone.
        tx.execute(ADD, &[&"between fetches"]).await?;
    }
    assert_eq!(sizes, [3, 3, 1, 0]);
    assert_eq!(tx.query_portal(&letters, 0).await?.len(), 3);
    tx.commit().await?;
    assert_eq!(count(&other, "between fetches").await?, 3);

    // A portal ends with its transaction.
    client
        .batch_execute("begin; declare numbers cursor for select generate_series(1, 5)")
        .await?;
    let fetched = client.query("fetch 2 from numbers", &[]).await?;
    assert_eq!(fetched.len(), 2);
    client.batch_execute("commit").await?;
    assert_fails(
        client.query("fetch 2 from numbers", &[]).await,
        &SqlState::INVALID_CURSOR_NAME,
    );

    // Rows that are read one by one, and some that nobody reads.
    let none: [&dyn ToSql; 0] = [];
    let rows = client.query_raw("select generate_series(1, 20000)", none);
    let mut rows = pin!(rows.await?);
    let mut sum = 0_i64;
    while let Some(row) = rows.try_next().await? {
        sum += i64::from(row.get::<_, i32>(0));
    }
    assert_eq!(sum, 200_010_000);
    drop(
        client
            .query_raw("select generate_series(1, 20000)", none)
            .await?,
    );
    assert_eq!(count(&client, "between fetches").await?, 3);
    Ok(())
}

/// Statements that are sent before the ones before them are answered.
async fn pipelined(url: &str) -> Outcome {
    let client = connect(url).await?;
    let add = client.prepare(ADD).await?;
    let names: Vec<String> = (0..20).map(|_| "pipelined".to_owned()).collect();
    let parameters: Vec<[&(dyn ToSql + Sync); 1]> = names
        .iter()
        .map(|name| [name as &(dyn ToSql + Sync)])
        .collect();
    let added = try_join_all(parameters.iter().map(|name| client.execute(&add, name)));
    assert_eq!(added.await?.iter().sum::<u64>(), 20);

    // One that fails takes no other with it: each has a transaction of its own.
    let (before, failed, after) = tokio::join!(
        client.execute(&add, &[&"pipelined"]),
        client.execute("select 1 / 0", &[]),
        client.execute(&add, &[&"pipelined"]),
    );
    before?;
    assert_fails(failed, &SqlState::DIVISION_BY_ZERO);
    after?;
    assert_eq!(count(&client, "pipelined").await?, 22);
    Ok(())
}

/// What a connection sets is its own.
async fn settings(url: &str) -> Outcome {
    let (one, other) = (connect(url).await?, connect(url).await?);
    let zone = async |client: &tokio_postgres::Client| {
        let row = client.query_one("show time zone", &[]).await?;
        Outcome::Ok(row.get::<_, String>(0))
    };
    let theirs = zone(&other).await?;
    one.batch_execute("set time zone 'Asia/Tokyo'").await?;
    assert_eq!(zone(&one).await?, "Asia/Tokyo");
    assert_eq!(zone(&other).await?, theirs);
    // There is no such place; the ROLLBACK behind it is not reached.
    one.batch_execute("begin; set local time zone 'Europe/Nowhere'; rollback")
        .await
        .expect_err("there is no such zone");
    one.batch_execute("rollback").await?;
    one.batch_execute("begin; set time zone 'Europe/Rome'")
        .await?;
    assert_eq!(zone(&one).await?, "Europe/Rome");
    one.batch_execute("rollback").await?;
    assert_eq!(zone(&one).await?, "Asia/Tokyo");
    one.batch_execute("begin; set local time zone 'Europe/Rome'; commit")
        .await?;
    assert_eq!(zone(&one).await?, "Asia/Tokyo");
    one.batch_execute("discard all").await?;
    assert_eq!(zone(&one).await?, theirs);
    Ok(())
}
