//! `fixtures("..")`: files of SQL that run at the beginning of a test's transaction.

use aiodal::{DataAccessLayer, Transaction, TransactionOptions};

async fn names(tx: &Transaction, table: &str) -> aiodal::Result<Vec<String>> {
    let rows = tx
        .query(&format!("select name from {table} order by name"), &[])
        .await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

#[aiodal::test(fixtures("users", "posts"))]
async fn files_run_in_order_within_the_transaction(tx: &Transaction) -> aiodal::Result<()> {
    assert_eq!(names(tx, "fixture_users").await?, ["Ada", "Grace; Hopper"]);
    let posts = "select u.name || ': ' || title as name from fixture_posts join fixture_users u on u.id = author";
    assert_eq!(
        names(tx, &format!("({posts}) as posts")).await?,
        ["Ada: Notes", "Grace; Hopper: Nanoseconds"]
    );
    Ok(())
}

#[aiodal::test]
async fn rows_of_a_file_are_rolled_back_with_the_test(tx: &Transaction) -> aiodal::Result<()> {
    let there: bool = tx
        .query_one("select to_regclass('fixture_users') is not null", &[])
        .await?
        .get(0);
    assert!(!there, "another test's fixture was not rolled back");
    Ok(())
}

#[aiodal::test(fixtures("users", path = "../it/fixtures"))]
async fn path_is_relative_to_the_source_file(tx: &mut Transaction) -> aiodal::Result<()> {
    assert_eq!(names(tx, "fixture_users").await?.len(), 2);
    Ok(())
}

#[aiodal::test(fixtures("fixtures/users.sql", "posts"))]
async fn name_with_an_extension_is_a_path(tx: Transaction) -> aiodal::Result<()> {
    assert_eq!(names(&tx, "fixture_users").await?.len(), 2);
    Ok(())
}

#[aiodal::test(fixtures("users"))]
async fn data_access_layer_sees_the_rows(dal: &DataAccessLayer) -> aiodal::Result<()> {
    let tx = dal.begin(&TransactionOptions::default()).await?;
    assert_eq!(names(&tx, "fixture_users").await?.len(), 2);
    tx.rollback().await
}

#[aiodal::test(fixtures("users", "posts", "many"))]
#[case::ada("Ada", 1)]
#[case::nobody("Nobody", 0)]
async fn every_case_has_the_rows(
    #[case] name: &str,
    #[case] expected: i64,
    tx: &Transaction,
) -> aiodal::Result<()> {
    let sql = "select count(*) from fixture_posts join fixture_users u on u.id = author where u.name = $1";
    let count: i64 = tx.query_one(sql, &[&name]).await?.get(0);
    assert_eq!(count, expected);
    let steps: i32 = tx
        .query_one("select n from fixture_steps", &[])
        .await?
        .get(0);
    assert_eq!(steps, 60, "each statement builds on the one before");
    Ok(())
}

#[aiodal::test(fixtures("copied"))]
async fn rows_behind_copy_are_loaded_in_their_place(tx: &mut Transaction) -> aiodal::Result<()> {
    let ships = tx
        .snapshot("select name, masts from fixture_ships order by 1", &[])
        .await?;
    assert_eq!(
        ships,
        "name             | masts
         -----------------+------
         Nautilus; or not |     0
         Pequod           |     3
         Rachel, \"the\"    |     3
         (3 rows)"
    );
    // The transaction is the test's to copy in again.
    let mut copy = tx.copy_in("copy fixture_ships from stdin").await?;
    copy.send("Hispaniola\t3\n").await?;
    assert_eq!(copy.finish().await?, 1);
    Ok(())
}

#[aiodal::test(isolation = "database", fixtures("copied"))]
async fn rows_behind_copy_are_committed_where_the_database_is_the_tests(
    dal: &DataAccessLayer,
) -> aiodal::Result<()> {
    let tx = dal.transaction().await?;
    assert_eq!(names(&tx, "fixture_ships").await?.len(), 3);
    Ok(())
}

struct Users(usize);

#[aiodal::fixture]
async fn users(tx: &Transaction) -> aiodal::Result<Users> {
    Ok(Users(names(tx, "fixture_users").await?.len()))
}

#[aiodal::test(fixtures("users"))]
async fn fixture_that_the_test_asks_for_sees_the_rows(users: &Users) {
    assert_eq!(users.0, 2);
}
