//! What is checked at the end of a transaction.

use aiodal::Sandbox;

use super::raw::Raw;
use super::{Result, cell, code};

const TABLES: &str = "create table a (id int primary key);
    create table b (id int primary key, a int references a deferrable initially deferred);
    create table c (id int primary key, a int references a deferrable initially immediate)";

#[aiodal::test]
async fn commit_checks_what_is_deferred(sandbox: Sandbox) -> Result {
    let one = sandbox.client().await?;
    one.batch_execute(TABLES).await?;
    one.batch_execute("begin; insert into b values (1, 7)")
        .await?;
    assert_eq!(code(&one, "commit").await, "23503");
    assert_eq!(cell(&one, "select count(*) from b").await?, "0");
    one.batch_execute("begin; insert into b values (1, 7); insert into a values (7); commit")
        .await?;
    assert_eq!(cell(&one, "select count(*) from b").await?, "1");
    Ok(())
}

#[aiodal::test]
async fn statement_by_itself_is_checked_as_well(sandbox: Sandbox) -> Result {
    let one = sandbox.client().await?;
    one.batch_execute(TABLES).await?;
    assert_eq!(code(&one, "insert into b values (1, 7)").await, "23503");
    let prepared = one.prepare("insert into b values ($1, $2)").await?;
    let error = one.execute(&prepared, &[&1, &7]).await.unwrap_err();
    assert_eq!(error.code().unwrap().code(), "23503");
    assert_eq!(cell(&one, "select count(*) from b").await?, "0");
    Ok(())
}

#[aiodal::test]
async fn constraints_are_deferred_anew_in_the_next_transaction_and_only_those(
    sandbox: Sandbox,
) -> Result {
    let one = sandbox.client().await?;
    one.batch_execute(TABLES).await?;
    one.batch_execute("begin; insert into a values (1); commit")
        .await?;
    one.batch_execute("begin; set constraints all deferred; insert into c values (1, 2); insert into a values (2); commit").await?;
    one.batch_execute("begin; insert into b values (1, 7)")
        .await?;
    assert_eq!(code(&one, "insert into c values (2, 7)").await, "23503");
    one.batch_execute("rollback").await?;
    one.batch_execute("begin; set constraints all deferred; insert into c values (3, 9)")
        .await?;
    assert_eq!(code(&one, "commit").await, "23503");
    Ok(())
}

#[aiodal::test]
async fn constraint_that_is_new_is_deferred_as_it_says(sandbox: Sandbox) -> Result {
    const MAKE: &str = "create table d (a int references a deferrable initially deferred); insert into d values (7)";
    let one = sandbox.client().await?;
    one.batch_execute(TABLES).await?;
    one.batch_execute("begin; set constraints all deferred; insert into c values (1, 2); insert into a values (2); commit").await?;
    one.batch_execute(&format!("begin; {MAKE}; insert into a values (7); commit"))
        .await?;
    assert_eq!(cell(&one, "select count(*) from d").await?, "1");
    one.batch_execute("drop table d").await?;
    assert_eq!(code(&one, &MAKE.replace('7', "8")).await, "23503");
    Ok(())
}

#[aiodal::test]
async fn constraint_is_checked_at_once_when_that_is_what_it_is_altered_to(
    sandbox: Sandbox,
) -> Result {
    let one = sandbox.client().await?;
    one.batch_execute(TABLES).await?;
    one.batch_execute("begin; insert into b values (1, 7); insert into a values (7); commit")
        .await?;
    one.batch_execute("alter table b alter constraint b_a_fkey deferrable initially immediate")
        .await?;
    one.batch_execute("begin").await?;
    assert_eq!(code(&one, "insert into b values (2, 8)").await, "23503");
    Ok(())
}

#[aiodal::test]
async fn what_a_commit_says_stands_before_the_tag_that_it_may_take_back(
    sandbox: Sandbox,
) -> Result {
    let one = sandbox.client().await?;
    one.batch_execute(TABLES).await?;
    one.batch_execute(
        "create function note() returns trigger language plpgsql as $$ begin raise notice 'here'; return null; end $$;
         create constraint trigger noted after insert on a deferrable initially deferred for each row execute function note()",
    )
    .await?;
    let mut raw = Raw::connect(&sandbox).await?;
    let said = raw.query("insert into a values (1)").answers().await?;
    assert_eq!(said, "NCZ");
    // More than is kept before it is handed on.
    let many =
        "insert into b select n, 7 from generate_series(1, 500) n returning repeat('x', 200)";
    let answers = raw.query(many).answers().await?;
    assert_eq!(answers, format!("T{}EZ", "D".repeat(500)));
    Ok(())
}
