//! Several sessions in one binary: one for tests that name none, others for those that name them.

use aiodal::{BoxError, Config, Migrations, Transaction};

struct Library;

#[aiodal::session]
impl aiodal::Session for Library {
    fn migrations() -> Migrations {
        Migrations::dir("migrations")
    }
}

struct Furnished;

#[aiodal::session(named)]
impl aiodal::Session for Furnished {
    fn configure(config: &mut Config) {
        let value = "9MB".to_owned();
        config.settings.insert("work_mem".to_owned(), value);
    }

    fn migrations() -> Migrations {
        Migrations::dir("migrations")
    }

    async fn seed(tx: &mut Transaction) -> Result<(), BoxError> {
        tx.execute("insert into author (name) values ('Hep')", &[])
            .await?;
        Ok(())
    }
}

struct Broken;

#[aiodal::session(named)]
impl aiodal::Session for Broken {
    fn migrations() -> Migrations {
        Migrations::dir("broken_migrations")
    }
}

struct BrokenToo;

#[aiodal::session(named)]
impl aiodal::Session for BrokenToo {
    fn migrations() -> Migrations {
        Migrations::dir("no_such_migrations")
    }
}

async fn assert_has(tx: &Transaction, authors: i64, work_mem: &str) -> aiodal::Result<()> {
    let sql = "select (select count(*) from author), current_setting('work_mem')";
    let (count, setting): (i64, String) = tx.query_one_as(sql, &[]).await?;
    assert_eq!((count, setting.as_str()), (authors, work_mem));
    Ok(())
}

#[aiodal::test]
async fn names_none(tx: &Transaction) -> aiodal::Result<()> {
    assert_has(tx, 0, "5MB").await
}

#[aiodal::test(session = Library)]
async fn names_that_of_the_binary(tx: &Transaction) -> aiodal::Result<()> {
    assert_has(tx, 0, "5MB").await
}

#[aiodal::test(session = Furnished)]
async fn names_another(tx: &Transaction) -> aiodal::Result<()> {
    assert_has(tx, 1, "9MB").await
}

#[aiodal::test(session = Furnished)]
async fn names_another_again(tx: &Transaction) -> aiodal::Result<()> {
    assert_has(tx, 1, "9MB").await
}

#[aiodal::test(session = Broken)]
async fn x1_broken(_tx: &Transaction) {}

#[aiodal::test(session = BrokenToo)]
async fn x2_broken_otherwise(_tx: &Transaction) {}
