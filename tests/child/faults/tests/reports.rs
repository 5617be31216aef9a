//! Tests that fail, for what their reports say.

use aiodal::{Migrations, Transaction};

struct Prepared;

#[aiodal::session]
impl aiodal::Session for Prepared {
    fn migrations() -> Migrations {
        Migrations::dir("migrations")
    }
}

type Result = aiodal::Result<()>;

const ADD: &str = "insert into author (name) values ($1)";

#[aiodal::test]
async fn a_passes(tx: &Transaction) -> Result {
    tx.batch_execute("insert into author (name) select 'a' || n from generate_series(1, 100) n")
        .await
}

/// On the same connection as the one above, on one thread.
#[aiodal::test]
async fn b_panics(tx: &Transaction) {
    for name in ["b1", "b2", "b3"] {
        tx.execute(ADD, &[&name]).await.expect("it is new");
    }
    tx.batch_execute(
        "update author set name = 'b' where name = 'b1';
         delete from author where name = 'b2'",
    )
    .await
    .expect("they are there");
    panic!("the body says no");
}

#[aiodal::test]
async fn c_fails_in_a_statement(tx: &mut Transaction) -> Result {
    let mut outer = tx.savepoint().await?;
    outer.execute(ADD, &[&"c"]).await?;
    let inner = outer.savepoint().await?;
    let again = inner.execute(ADD, &[&"c"]).await;
    again.expect_err("the name is taken");
    drop(inner);
    outer.commit().await?;
    tx.query("select nmae\n  from author where id > $1", &[&7])
        .await?;
    Ok(())
}

#[aiodal::test]
async fn d_keeps_secrets(tx: &Transaction) -> Result {
    tx.batch_execute("create temp table account (name text, password text unique)")
        .await?;
    tx.batch_execute("insert into account (name, password) values ('d', 'hunter2')")
        .await?;
    let sql = "insert into account (name, password) values ($1, $2)";
    let again = tx.execute(sql, &[&"d", &"hunter2"]).await;
    assert!(again.is_ok(), "it is taken");
    Ok(())
}

#[aiodal::test(max_queries = 2)]
async fn e_runs_too_much(tx: &mut Transaction) -> Result {
    let savepoint = tx.savepoint().await?;
    savepoint.query("select 1", &[]).await?;
    savepoint.query("select 2", &[]).await?;
    savepoint.commit().await?;
    tx.query("select 3", &[]).await?;
    Ok(())
}

#[aiodal::test(max_repeats = 2)]
async fn f_runs_a_query_per_row(tx: &Transaction) -> Result {
    for id in 1..=4 {
        tx.query("select name from author where id = $1", &[&id])
            .await?;
    }
    Ok(())
}

#[aiodal::test(max_queries = 2, max_repeats = 2)]
async fn g_stays_within_its_limits(tx: &mut Transaction) -> Result {
    tx.query("select 1", &[]).await?;
    let savepoint = tx.savepoint().await?;
    savepoint.query("select 1", &[]).await?;
    savepoint.commit().await
}

#[aiodal::test]
async fn h_runs_a_thousand(tx: &Transaction) -> Result {
    for n in 1..=1000 {
        tx.execute("select $1::int4", &[&n]).await?;
    }
    Err(tx
        .execute("select 1 / 0", &[])
        .await
        .expect_err("it is no number"))
}

#[aiodal::test(timeout = "2s")]
async fn i_takes_long(tx: &Transaction) -> Result {
    tx.execute(ADD, &[&"i"]).await?;
    tx.execute("select pg_sleep(600)", &[]).await?;
    Ok(())
}

#[aiodal::test]
#[should_panic = "as it should"]
async fn j_panics_as_it_should(tx: &Transaction) {
    tx.execute(ADD, &[&"j"]).await.expect("it is new");
    panic!("as it should");
}

#[aiodal::test]
#[should_panic = "as it should"]
async fn k_should_have_panicked(tx: &Transaction) {
    tx.execute(ADD, &[&"k"]).await.expect("it is new");
}

#[aiodal::test]
async fn l_panics_without_a_statement(_tx: &Transaction) {
    panic!("the body says no");
}

#[aiodal::test(isolation = "rollback", echo = true)]
async fn m_echoes(tx: &Transaction) -> Result {
    tx.query("select $1::text where 'token' = 'x'", &[&"hunter2"])
        .await?;
    Err(tx
        .query("select 1 / $1", &[&0])
        .await
        .expect_err("it is no number"))
}
