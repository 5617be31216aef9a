//! In tasks, and in threads of the runtime.

use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use crate::app;

/// What each adds is its test's alone: the same in another order would be a deadlock with one that runs at the same time.
fn members_of(test: &str) -> Vec<String> {
    (1..=8).map(|number| format!("{test} {number}")).collect()
}

async fn in_tasks(test: &str) -> aiodal::Result<()> {
    let names = members_of(test);
    let add = |name: String| tokio::spawn(async move { app::add(&name).await });
    let tasks: Vec<_> = names.iter().cloned().map(add).collect();
    for task in tasks {
        task.await.expect("it does not panic")?;
    }
    let nested = tokio::spawn(async { tokio::spawn(app::names()).await });
    let seen = nested.await.flatten().expect("it does not panic")?;
    assert_eq!(seen, names);
    Ok(())
}

async fn in_blocking_threads(test: &str) -> aiodal::Result<()> {
    let names = members_of(test);
    let add = |name: String| spawn_blocking(move || Handle::current().block_on(app::add(&name)));
    let threads: Vec<_> = names.iter().cloned().map(add).collect();
    for thread in threads {
        thread.await.expect("it does not panic")?;
    }
    assert_eq!(app::names().await?, names);
    Ok(())
}

#[aiodal::test(ambient)]
async fn tasks_are_in_the_test() -> aiodal::Result<()> {
    in_tasks("one thread").await
}

#[aiodal::test(ambient, flavor = "multi_thread", worker_threads = 3)]
async fn tasks_on_worker_threads_are_in_the_test() -> aiodal::Result<()> {
    in_tasks("several threads").await
}

#[aiodal::test(ambient)]
async fn blocking_threads_are_in_the_test() -> aiodal::Result<()> {
    in_blocking_threads("blocking").await
}

#[aiodal::test(ambient, flavor = "multi_thread", worker_threads = 2)]
async fn blocking_threads_beside_worker_threads_are_in_the_test() -> aiodal::Result<()> {
    in_blocking_threads("blocking, several").await
}
