//! In threads of the test's own, which enter the sandbox.

use std::thread;

use aiodal::Sandbox;
use tokio::runtime::Builder;

use crate::app;

/// Adds a name on a thread with a runtime of its own. The test's thread waits for it, blocked.
fn add_on_a_thread(sandbox: &Sandbox, name: &'static str) -> aiodal::Result<Vec<String>> {
    let sandbox = sandbox.clone();
    let work = move || {
        let _entered = sandbox.enter();
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            app::add(name).await?;
            app::names().await
        })
    };
    thread::spawn(work).join().expect("it does not panic")
}

#[aiodal::test(ambient)]
async fn thread_that_enters_is_in_the_test(sandbox: Sandbox) -> aiodal::Result<()> {
    app::add("by the test").await?;
    assert_eq!(
        add_on_a_thread(&sandbox, "by a thread")?,
        ["by a thread", "by the test"]
    );
    assert_eq!(app::names().await?, ["by a thread", "by the test"]);
    Ok(())
}

#[aiodal::test(ambient, flavor = "multi_thread", worker_threads = 2)]
async fn thread_that_enters_is_in_a_test_with_threads(sandbox: Sandbox) -> aiodal::Result<()> {
    assert_eq!(add_on_a_thread(&sandbox, "by a thread")?, ["by a thread"]);
    assert_eq!(app::names().await?, ["by a thread"]);
    Ok(())
}

#[aiodal::test]
async fn thread_enters_in_a_test_that_is_not_ambient_itself(
    sandbox: Sandbox,
) -> aiodal::Result<()> {
    sandbox.url().await.expect("a socket");
    assert_eq!(add_on_a_thread(&sandbox, "by a thread")?, ["by a thread"]);
    let client = sandbox.client().await.expect("the sandbox is there");
    let row = client
        .query_one("select count(*) from app.member", &[])
        .await
        .expect("it counts");
    assert_eq!(row.get::<_, i64>(0), 1);
    Ok(())
}

#[aiodal::test(ambient)]
async fn thread_that_has_not_entered_goes_where_it_says() -> aiodal::Result<()> {
    app::add("by the test").await?;
    let work = || {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(app::names())
    };
    let error = thread::spawn(work)
        .join()
        .expect("it does not panic")
        .unwrap_err();
    assert!(error.to_string().contains("127.0.0.1:1"), "{error:#}");
    Ok(())
}

#[aiodal::test(ambient)]
async fn thread_leaves_with_its_guard(sandbox: Sandbox) {
    let work = move || {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let entered = (sandbox.enter(), sandbox.enter());
        let inner = entered.0;
        drop(inner);
        runtime.block_on(app::names()).expect("one is left");
        drop(entered.1);
        runtime.block_on(app::names())
    };
    let error = thread::spawn(work)
        .join()
        .expect("it does not panic")
        .unwrap_err();
    assert!(error.to_string().contains("127.0.0.1:1"), "{error:#}");
}
