//! The attributes work where aiodal has another name, and beside `rstest` and `test-case`.

use db::{BoxError, Migrations, Session, Transaction};

struct Carriers;

#[db::session(crate = db)]
impl Session for Carriers {
    fn migrations() -> Migrations {
        Migrations::dir("migrations")
    }

    async fn seed(tx: &mut Transaction) -> Result<(), BoxError> {
        tx.batch_execute("insert into carriers values ('UA', 'United'), ('DL', 'Delta')")
            .await?;
        Ok(())
    }
}

async fn count(tx: &Transaction) -> db::Result<i64> {
    Ok(tx
        .query_one("select count(*) from carriers", &[])
        .await?
        .get(0))
}

async fn name(tx: &Transaction, code: &str) -> db::Result<Option<String>> {
    let row = tx
        .query_opt("select name from carriers where code = $1", &[&code])
        .await?;
    Ok(row.map(|row| row.get(0)))
}

/// Adds a carrier; every test that does so adds the same one.
async fn add(tx: &Transaction) -> db::Result<()> {
    tx.execute("insert into carriers values ('ZZ', 'Zeppelin')", &[])
        .await?;
    assert_eq!(count(tx).await?, 3);
    Ok(())
}

mod alone {
    use super::{Transaction, add, count, name};

    #[db::test(crate = db)]
    async fn asks_for_nothing() {}

    #[db::test(crate = db)]
    async fn borrows(tx: &Transaction) -> db::Result<()> {
        add(tx).await
    }

    #[db::test(crate = db)]
    async fn borrows_mutably(tx: &mut Transaction) -> db::Result<()> {
        let savepoint = tx.savepoint().await?;
        savepoint.execute("delete from carriers", &[]).await?;
        savepoint.rollback().await?;
        add(tx).await
    }

    #[db::test(crate = db)]
    async fn owns(tx: Transaction) -> db::Result<()> {
        add(&tx).await
    }

    #[db::test(crate = "db")]
    async fn finds_the_crate_by_a_string(tx: &Transaction) -> db::Result<()> {
        add(tx).await
    }

    #[db::test(crate = db, flavor = "multi_thread", worker_threads = 2, timeout = "30s")]
    async fn runs_on_many_threads(tx: &Transaction) -> db::Result<()> {
        add(tx).await
    }

    #[db::test(crate = db)]
    async fn sees_what_the_session_seeded(tx: &Transaction) -> db::Result<()> {
        assert_eq!(count(tx).await?, 2);
        assert_eq!(name(tx, "UA").await?.as_deref(), Some("United"));
        Ok(())
    }

    #[should_panic(expected = "three carriers")]
    #[db::test(crate = db)]
    async fn panics(tx: &Transaction) {
        add(tx).await.expect("the carrier is new");
        panic!("three carriers");
    }

    #[db::test(crate = db)]
    #[ignore = "to be seen as ignored"]
    async fn is_ignored() {
        panic!("an ignored test ran");
    }
}

mod with_parameters {
    use super::{Transaction, add, name};

    #[db::test(crate = db, fixtures("zeppelin"))]
    #[case::united("UA", Some("United"))]
    #[case::zeppelin("ZP", Some("Zeppelin"))]
    async fn cases(
        #[case] code: &str,
        #[case] expected: Option<&str>,
        #[values(false, true)] adds: bool,
        tx: &mut Transaction,
    ) -> db::Result<()> {
        assert_eq!(name(tx, code).await?.as_deref(), expected);
        tx.execute("delete from carriers where code = 'ZP'", &[])
            .await?;
        if adds {
            add(tx).await?;
        }
        Ok(())
    }
}

mod with_rstest {
    use rstest::rstest;

    use super::{Transaction, add, name};

    #[rstest]
    #[case::united("UA", Some("United"))]
    #[case::delta("DL", Some("Delta"))]
    #[case::nobody("ZZ", None)]
    #[db::test(crate = db)]
    async fn cases(
        #[case] code: &str,
        #[case] expected: Option<&str>,
        #[ignore] tx: &mut Transaction,
    ) -> db::Result<()> {
        assert_eq!(name(tx, code).await?.as_deref(), expected);
        add(tx).await
    }

    #[rstest]
    #[db::test(crate = db)]
    async fn values(#[values("UA", "DL")] code: &str, #[ignore] tx: Transaction) -> db::Result<()> {
        assert!(name(&tx, code).await?.is_some());
        add(&tx).await
    }

    #[rstest::fixture]
    fn code() -> &'static str {
        "UA"
    }

    #[rstest]
    #[db::test(crate = db)]
    async fn fixtures(code: &str, #[ignore] tx: &Transaction) -> db::Result<()> {
        assert!(name(tx, code).await?.is_some());
        add(tx).await
    }

    #[rstest]
    #[case::two_letters("ZY")]
    #[should_panic(expected = "is_check_violation")]
    #[case::three_letters("ZYX")]
    #[db::test(crate = db)]
    async fn cases_with_attributes(#[case] code: &str, #[ignore] tx: &Transaction) {
        let added = tx
            .execute("insert into carriers values ($1, '')", &[&code])
            .await;
        assert!(
            !added.is_err_and(|error| error.is_check_violation()),
            "is_check_violation"
        );
    }
}

mod with_test_case {
    use test_case::{test_case, test_matrix};

    use super::{Transaction, add, name};

    #[db::test(crate = db)]
    #[test_case("UA", Some("United"))]
    #[test_case("DL", Some("Delta"); "delta")]
    #[test_case("ZZ", Some("Zeppelin") => panics "left == right"; "nobody")]
    async fn cases(code: &str, expected: Option<&str>, tx: &mut Transaction) -> db::Result<()> {
        assert_eq!(name(tx, code).await?.as_deref(), expected);
        add(tx).await
    }

    #[db::test(crate = db)]
    #[test_matrix(["UA", "DL"], [(1, 2)])]
    async fn matrix(code: &str, (one, two): (i32, i32), tx: Transaction) -> db::Result<()> {
        assert_eq!(one + one, two);
        assert!(name(&tx, code).await?.is_some());
        add(&tx).await
    }

    #[db::test(crate = db)]
    #[test_case(0)]
    #[should_panic(expected = "divide by zero")]
    async fn cases_that_all_panic(divisor: i32, tx: &Transaction) {
        add(tx).await.expect("the carrier is new");
        let _ = 1 / divisor;
    }

    #[test_case(1)]
    #[db::test(crate = db)]
    async fn cases_above_without_a_database(one: i32) {
        assert_eq!(one, 1);
    }
}
