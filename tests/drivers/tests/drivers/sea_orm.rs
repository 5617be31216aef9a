//! sea-orm, on the sqlx that it brings.

use std::time::Duration;

use aiodal::{DatabaseUrl, Sandbox};
use drivers::Outcome;
use futures_util::TryStreamExt as _;
use futures_util::future::try_join_all;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectOptions, ConnectionTrait as _, Database,
    DatabaseConnection, DbErr, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _, Set, TransactionError, TransactionTrait as _,
};

mod item {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "item")]
    pub(super) struct Model {
        #[sea_orm(primary_key)]
        pub(super) id: i64,
        pub(super) name: String,
        pub(super) price: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(super) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

#[aiodal::test(isolation = "database")]
async fn sea_orm_runs_on_a_database(url: &DatabaseUrl) -> Outcome {
    exercise(&url.connection_string()).await
}

#[aiodal::test]
async fn sea_orm_runs_in_a_sandbox(sandbox: Sandbox) -> Outcome {
    exercise(&sandbox.url().await?).await
}

#[aiodal::test]
async fn sea_orm_runs_in_a_sandbox_by_tcp(sandbox: Sandbox) -> Outcome {
    exercise(&sandbox.tcp_url().await?).await
}

async fn exercise(url: &str) -> Outcome {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(4)
        .acquire_timeout(Duration::from_secs(30))
        .sqlx_logging(false);
    let db = Database::connect(options).await?;
    models(&db).await?;
    transactions(&db).await?;
    errors(&db).await?;
    many(&db).await?;
    db.close().await?;
    Ok(())
}

fn new(name: &str) -> item::ActiveModel {
    item::ActiveModel {
        name: Set(name.to_owned()),
        price: Set(1),
        ..Default::default()
    }
}

async fn count(db: &DatabaseConnection, name: &str) -> Result<u64, DbErr> {
    let named = item::Entity::find().filter(item::Column::Name.eq(name));
    named.count(db).await
}

async fn models(db: &DatabaseConnection) -> Outcome {
    let made = new("model").insert(db).await?;
    let mut changed: item::ActiveModel = made.clone().into();
    changed.price = Set(7);
    assert_eq!(changed.update(db).await?.price, 7);
    let found = item::Entity::find_by_id(made.id).one(db).await?;
    assert_eq!(found.map(|item| item.price), Some(7));
    item::Entity::delete_by_id(made.id).exec(db).await?;
    assert_eq!(count(db, "model").await?, 0);
    Ok(())
}

async fn transactions(db: &DatabaseConnection) -> Outcome {
    let tx = db.begin().await?;
    new("committed").insert(&tx).await?;
    tx.commit().await?;

    let tx = db.begin().await?;
    new("rolled back").insert(&tx).await?;
    tx.rollback().await?;

    let tx = db.begin().await?;
    new("dropped").insert(&tx).await?;
    drop(tx);

    let failed = db
        .transaction::<_, (), DbErr>(|tx| {
            Box::pin(async move {
                new("failed").insert(tx).await?;
                Err(DbErr::Custom("we have thought better of it".to_owned()))
            })
        })
        .await;
    assert!(matches!(failed, Err(TransactionError::Transaction(_))));

    let tx = db.begin().await?;
    new("outer").insert(&tx).await?;
    let nested = tx.begin().await?;
    new("inner").insert(&nested).await?;
    nested.commit().await?;
    let nested = tx.begin().await?;
    new("nested and rolled back").insert(&nested).await?;
    nested.rollback().await?;
    let nested = tx.begin().await?;
    new("nested and dropped").insert(&nested).await?;
    drop(nested);
    tx.commit().await?;

    for (name, expected) in [
        ("committed", 1),
        ("rolled back", 0),
        ("dropped", 0),
        ("failed", 0),
        ("outer", 1),
        ("inner", 1),
        ("nested and rolled back", 0),
        ("nested and dropped", 0),
    ] {
        assert_eq!(count(db, name).await?, expected, "{name}");
    }
    Ok(())
}

async fn errors(db: &DatabaseConnection) -> Outcome {
    let negative = || {
        let mut item = new("negative");
        item.price = Set(-1);
        item
    };
    let error = negative().insert(db).await.expect_err("it is checked");
    assert!(
        error.to_string().contains("price_is_not_negative"),
        "{error}"
    );
    new("after an error").insert(db).await?;
    assert_eq!(count(db, "after an error").await?, 1);

    let tx = db.begin().await?;
    new("before an error").insert(&tx).await?;
    negative().insert(&tx).await.expect_err("it is checked");
    let error = new("in a failed transaction")
        .insert(&tx)
        .await
        .expect_err("the transaction has failed");
    assert!(error.to_string().contains("aborted"), "{error}");
    tx.rollback().await?;
    assert_eq!(count(db, "before an error").await?, 0);

    let tx = db.begin().await?;
    tx.execute_unprepared("insert into line (item) values (-1)")
        .await?;
    let error = tx.commit().await.expect_err("it was deferred");
    assert!(error.to_string().contains("line_has_an_item"), "{error}");
    db.execute_unprepared(
        "insert into item (name) values ('one'); insert into item (name) values ('two')",
    )
    .await?;
    assert_eq!(count(db, "two").await?, 1);
    Ok(())
}

async fn many(db: &DatabaseConnection) -> Outcome {
    let tasks = (0..20).map(|number| {
        let db = db.clone();
        tokio::spawn(async move {
            let tx = db.begin().await?;
            new("at once").insert(&tx).await?;
            if number % 2 == 0 {
                tx.commit().await?;
            } else {
                tx.rollback().await?;
            }
            Outcome::Ok(())
        })
    });
    for ended in try_join_all(tasks).await? {
        ended?;
    }
    assert_eq!(count(db, "at once").await?, 10);

    let named = (0..500).map(|_| new("many"));
    item::Entity::insert_many(named).exec(db).await?;
    let many = item::Entity::find()
        .filter(item::Column::Name.eq("many"))
        .order_by_asc(item::Column::Id);
    let mut pages = many.clone().paginate(db, 200);
    let mut sizes = Vec::new();
    while let Some(page) = pages.fetch_and_next().await? {
        sizes.push(page.len());
    }
    assert_eq!(sizes, [200, 200, 100]);
    let streamed: Vec<item::Model> = many.stream(db).await?.try_collect().await?;
    assert_eq!(streamed.len(), 500);
    Ok(())
}
