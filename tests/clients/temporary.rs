//! Temporary tables that end with a transaction.

use aiodal::Sandbox;

use super::{Result, cell, code};

#[aiodal::test]
async fn table_is_dropped_at_the_commit(sandbox: Sandbox) -> Result {
    let one = sandbox.client().await?;
    for _ in 0..2 {
        one.batch_execute("begin; create temp table stage (a int) on commit drop; insert into stage values (1); commit").await?;
        assert_eq!(code(&one, "select * from stage").await, "42P01");
    }
    Ok(())
}

#[aiodal::test]
async fn rows_are_deleted_at_each_commit(sandbox: Sandbox) -> Result {
    let one = sandbox.client().await?;
    one.batch_execute("create temp table stage (a int) on commit delete rows")
        .await?;
    one.batch_execute("begin; insert into stage values (1)")
        .await?;
    assert_eq!(cell(&one, "select count(*) from stage").await?, "1");
    one.batch_execute("commit").await?;
    assert_eq!(cell(&one, "select count(*) from stage").await?, "0");
    one.batch_execute("insert into stage values (1)").await?;
    assert_eq!(cell(&one, "select count(*) from stage").await?, "0");
    Ok(())
}

#[aiodal::test]
async fn table_of_the_same_name_is_left_alone(sandbox: Sandbox) -> Result {
    let one = sandbox.client().await?;
    one.batch_execute("create table public.stage (a int)")
        .await?;
    one.batch_execute(
        "begin; create temp table stage (a int) on commit drop; drop table stage; commit",
    )
    .await?;
    assert_eq!(cell(&one, "select count(*) from public.stage").await?, "0");
    Ok(())
}

#[aiodal::test]
async fn objects_go_with_their_client(sandbox: Sandbox) -> Result {
    const MAKE: &str = "create temp table noted (a int); create temp view seen as select 1; create temp sequence counted;
        create type pg_temp.mood as enum ('sad'); create type pg_temp.pair as (a int, b int); create domain pg_temp.id as int";
    let one = sandbox.client().await?;
    one.batch_execute(MAKE).await?;
    drop(one);
    let other = sandbox.client().await?;
    // It has gone once its end of the connection is read.
    while cell(&other, "select to_regclass('pg_temp.noted')").await? != "null" {
        tokio::task::yield_now().await;
    }
    other.batch_execute(MAKE).await?;
    Ok(())
}

#[aiodal::test]
async fn constraint_of_a_temporary_table_is_checked_at_the_commit(sandbox: Sandbox) -> Result {
    let one = sandbox.client().await?;
    one.batch_execute("create table seed (a int); insert into seed values (1)")
        .await?;
    for _ in 0..2 {
        one.batch_execute(
            "begin; create temp table node (id int primary key, next int references node deferrable initially deferred)
                 on commit drop",
        )
        .await?;
        one.batch_execute("insert into node values (1, 2)").await?;
        assert_eq!(code(&one, "commit").await, "23503");
    }
    Ok(())
}
