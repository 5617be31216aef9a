//! Outside of a test that asks for it, a data access layer goes where its URL says; and so does one that is to be left alone.

use std::sync::{Mutex, PoisonError};

use aiodal::{DataAccessLayer, DatabaseUrl, Transaction};
use tokio::runtime::{Builder, Handle};
use tokio::task::spawn_blocking;

use crate::app;

#[aiodal::test]
async fn without_it_a_static_goes_to_its_own_url(tx: &Transaction) -> aiodal::Result<()> {
    let error = app::names().await.unwrap_err();
    assert!(error.to_string().contains("127.0.0.1:1"), "{error:#}");
    assert_eq!(
        tx.query_scalar::<i64>("select count(*) from app.member", &[])
            .await?,
        0
    );
    Ok(())
}

#[aiodal::test(ambient = false)]
async fn switched_off_it_needs_no_database() {
    let error = DataAccessLayer::connect(app::URL).await.unwrap_err();
    assert!(error.to_string().contains("127.0.0.1:1"), "{error:#}");
}

#[aiodal::test(ambient)]
async fn one_that_is_left_alone_goes_to_its_own_url() {
    let apart = DataAccessLayer::builder().ambient(false);
    let error = apart.connect(app::URL).await.unwrap_err();
    assert!(error.to_string().contains("127.0.0.1:1"), "{error:#}");
}

#[aiodal::test(ambient)]
async fn pool_goes_where_its_url_says_and_a_layer_of_it_into_the_test(
    tx: &Transaction,
) -> aiodal::Result<()> {
    tx.execute("insert into app.member values ('Hep')", &[])
        .await?;
    let error = aiodal::connect(app::URL).await.unwrap_err();
    assert!(error.to_string().contains("127.0.0.1:1"), "{error:#}");
    let url = DatabaseUrl::resolve(app::URL)?;
    let pool = aiodal::PoolOptions::new().open_lazily(&url)?;
    let dal = DataAccessLayer::from_pool(pool);
    let seen = dal
        .transaction()
        .await?
        .query_scalar::<i64>("select count(*) from app.member", &[])
        .await?;
    assert_eq!(seen, 1);
    Ok(())
}

#[aiodal::test(isolation = "database")]
async fn what_was_connected_before_is_redirected_and_back_again(
    url: &DatabaseUrl,
) -> aiodal::Result<()> {
    // Of a runtime that is no test's.
    let elsewhere = DataAccessLayer::connect(&url.connection_string()).await?;
    let count = "select count(*) from app.member";
    let tx = elsewhere.transaction().await?;
    tx.execute("insert into app.member values ('elsewhere')", &[])
        .await?;
    tx.commit().await?;
    let theirs = elsewhere.clone();
    let in_a_test = std::thread::spawn(move || {
        other_test(async move {
            theirs
                .transaction()
                .await?
                .query_scalar::<i64>(count, &[])
                .await
        })
    });
    assert_eq!(in_a_test.join().expect("it does not panic")?, 0);
    assert_eq!(
        elsewhere
            .transaction()
            .await?
            .query_scalar::<i64>(count, &[])
            .await?,
        1
    );
    Ok(())
}

/// Runs a future in a test that is ambient.
fn other_test<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    use aiodal::__private::{TestCase, run};

    let mut case = TestCase::new("another test", file!(), line!(), env!("CARGO_MANIFEST_DIR"));
    case.ambient = Some(true);
    let output = std::sync::Arc::new(Mutex::new(None));
    let kept = output.clone();
    let verdict = run(case, |context| async move {
        let body = async {
            let value = future.await;
            *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
        };
        context.body(body).await
    });
    verdict.into_unit();
    let value = output.lock().unwrap_or_else(PoisonError::into_inner).take();
    value.expect("the body has run")
}

/// Two connections to the same database: one sees what is committed in it, and nothing else.
#[aiodal::test(ambient)]
async fn nobody_outside_sees_what_the_application_commits() -> aiodal::Result<()> {
    // A name of its own: the other test has to wait for a connection, maybe until a third has ended, which shall not wait for us.
    app::add("inside").await?;
    let outside = spawn_blocking(|| other_test(app::names()));
    assert!(outside.await.expect("it does not panic")?.is_empty());
    assert_eq!(app::names().await?, ["inside"]);
    Ok(())
}

#[test]
fn nothing_is_left_when_a_test_has_ended() {
    other_test(async { app::add("Hep").await }).expect("it commits");
    assert!(other_test(app::names()).expect("it reads").is_empty());
}

#[test]
fn what_outlives_its_test_gets_an_error() {
    let thread = other_test(async {
        app::add("Hep").await.expect("it commits");
        let runtime = Handle::current();
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        let outliving = spawn_blocking(move || {
            let _test_has_ended = receiver.recv();
            let _entered = runtime.enter();
            let own = Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            drop(own);
            futures_util::FutureExt::now_or_never(app::names())
        });
        (sender, outliving)
    });
    let (sender, outliving) = thread;
    drop(sender);
    let own = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let error = own
        .block_on(outliving)
        .expect("it does not panic")
        .expect("it is refused at once")
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("test another test, which has ended"),
        "{error:#}"
    );
}
