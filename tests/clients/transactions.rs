//! BEGIN, COMMIT, ROLLBACK and what is between them.

use aiodal::Sandbox;

use super::{Result, cell, code};

#[aiodal::test]
async fn what_one_commits_the_others_see(sandbox: Sandbox) -> Result {
    let (one, other) = (sandbox.client().await?, sandbox.client().await?);
    one.batch_execute("create table tran_0 (a int)").await?;
    one.batch_execute("begin; insert into tran_0 values (1); commit")
        .await?;
    assert_eq!(cell(&other, "select count(*) from tran_0").await?, "1");
    one.batch_execute("begin").await?;
    one.batch_execute("insert into tran_0 values (2)").await?;
    one.batch_execute("rollback").await?;
    assert_eq!(cell(&other, "select count(*) from tran_0").await?, "1");
    Ok(())
}

#[aiodal::test]
async fn statement_that_fails_by_itself_leaves_the_others_alone(sandbox: Sandbox) -> Result {
    let one = sandbox.client().await?;
    one.batch_execute("create table tran_1 (a int primary key)")
        .await?;
    one.batch_execute("insert into tran_1 values (1)").await?;
    assert_eq!(
        code(&one, "insert into tran_1 values (2), (1)").await,
        "23505"
    );
    assert_eq!(code(&one, "select no_such_column").await, "42703");
    assert_eq!(cell(&one, "select count(*) from tran_1").await?, "1");
    Ok(())
}

#[aiodal::test]
async fn failed_transaction_refuses_until_it_ends_and_its_commit_is_a_rollback(
    sandbox: Sandbox,
) -> Result {
    let one = sandbox.client().await?;
    one.batch_execute("create table tran_2 (a int primary key)")
        .await?;
    one.batch_execute("begin; insert into tran_2 values (1)")
        .await?;
    assert_eq!(code(&one, "insert into tran_2 values (1)").await, "23505");
    assert_eq!(code(&one, "select 1").await, "25P02");
    one.batch_execute("commit").await?;
    assert_eq!(cell(&one, "select count(*) from tran_2").await?, "0");
    Ok(())
}

#[aiodal::test]
async fn statements_of_one_query_stand_and_fall_together(sandbox: Sandbox) -> Result {
    let one = sandbox.client().await?;
    one.batch_execute("create table tran_3 (a int primary key)")
        .await?;
    assert_eq!(
        code(
            &one,
            "insert into tran_3 values (1); insert into tran_3 values (1)"
        )
        .await,
        "23505"
    );
    assert_eq!(cell(&one, "select count(*) from tran_3").await?, "0");
    // What stands before a BEGIN in the same query belongs to the transaction.
    one.batch_execute("insert into tran_3 values (2); begin; insert into tran_3 values (3)")
        .await?;
    one.batch_execute("rollback").await?;
    assert_eq!(cell(&one, "select count(*) from tran_3").await?, "0");
    Ok(())
}

#[aiodal::test]
async fn savepoints_are_the_clients_own(sandbox: Sandbox) -> Result {
    let one = sandbox.client().await?;
    one.batch_execute("create table tran_4 (a int primary key)")
        .await?;
    one.batch_execute(
        "begin; insert into tran_4 values (1); savepoint s; insert into tran_4 values (2)",
    )
    .await?;
    assert_eq!(code(&one, "insert into tran_4 values (2)").await, "23505");
    one.batch_execute("rollback to s").await?;
    one.batch_execute("insert into tran_4 values (3); release s; commit")
        .await?;
    assert_eq!(
        cell(
            &one,
            "select string_agg(a::text, ' ' order by a) from tran_4"
        )
        .await?,
        "1 3"
    );
    assert_eq!(code(&one, "savepoint s").await, "25P01");
    assert_eq!(code(&one, "begin; rollback to aiodal_guard").await, "3B001");
    Ok(())
}

#[aiodal::test]
async fn client_that_goes_in_a_transaction_leaves_nothing(sandbox: Sandbox) -> Result {
    let other = sandbox.client().await?;
    other.batch_execute("create table tran_5 (a int)").await?;
    let one = sandbox.client().await?;
    one.batch_execute("begin; insert into tran_5 values (1)")
        .await?;
    drop(one);
    assert_eq!(cell(&other, "select count(*) from tran_5").await?, "0");
    Ok(())
}

#[aiodal::test]
async fn chained_transaction_has_the_modes_of_the_one_before(sandbox: Sandbox) -> Result {
    let one = sandbox.client().await?;
    one.batch_execute("create table tran_6 (a int)").await?;
    one.batch_execute("begin read only; select 1; commit and chain")
        .await?;
    assert_eq!(code(&one, "insert into tran_6 values (1)").await, "25006");
    one.batch_execute("rollback").await?;
    one.batch_execute("insert into tran_6 values (1)").await?;
    Ok(())
}

#[aiodal::test]
async fn read_only_is_kept_to_its_transaction_or_its_session(sandbox: Sandbox) -> Result {
    let (one, other) = (sandbox.client().await?, sandbox.client().await?);
    one.batch_execute("create table tran_7 (a int)").await?;
    one.batch_execute("set session characteristics as transaction read only")
        .await?;
    assert_eq!(code(&one, "insert into tran_7 values (1)").await, "25006");
    other.batch_execute("insert into tran_7 values (1)").await?;
    one.batch_execute("begin read write; insert into tran_7 values (2); commit")
        .await?;
    assert_eq!(cell(&other, "select count(*) from tran_7").await?, "2");
    Ok(())
}

#[aiodal::test]
async fn what_no_sandbox_can_do_says_where_it_works(sandbox: Sandbox) -> Result {
    let one = sandbox.client().await?;
    one.batch_execute("begin").await?;
    let error = one
        .batch_execute("prepare transaction 'x'")
        .await
        .unwrap_err();
    let said = error.as_db_error().unwrap();
    assert_eq!(said.code().code(), "0A000");
    assert!(said.hint().unwrap().contains("isolation = \"database\""));
    one.batch_execute("rollback").await?;
    assert_eq!(code(&one, "vacuum").await, "25001");
    Ok(())
}

#[aiodal::test]
async fn tens_of_tasks_on_a_pool_lose_nothing(pool: aiodal::Pool) -> Result {
    let client = pool.get().await?;
    client
        .client()
        .batch_execute(
            "create table tran_9 (a int primary key, n int); insert into tran_9 values (1, 0)",
        )
        .await?;
    drop(client);
    let tasks: Vec<_> = (0..20)
        .map(|task| {
            let pool = pool.clone();
            tokio::spawn(async move {
                for round in 0..5 {
                    let connection = pool.get().await.unwrap();
                    let client = connection.client();
                    client
                        .batch_execute("begin; update tran_9 set n = n + 1")
                        .await
                        .unwrap();
                    tokio::task::yield_now().await;
                    let end = if (task + round) % 3 == 0 {
                        "rollback"
                    } else {
                        "commit"
                    };
                    client.batch_execute(end).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await?;
    }
    let committed = (0..20)
        .flat_map(|task| (0..5).map(move |round| task + round))
        .filter(|sum| sum % 3 != 0)
        .count();
    let connection = pool.get().await?;
    let row = connection
        .client()
        .query_one("select n from tran_9", &[])
        .await?;
    assert_eq!(usize::try_from(row.get::<_, i32>(0))?, committed);
    Ok(())
}
