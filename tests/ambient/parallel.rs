//! Two dozen tests at once, over one static.

use std::time::Duration;

use crate::app;

/// All want the same names, in transactions that they hold for a while: whoever was in another's sandbox would find them
/// taken. Nothing is written that another's lock would be on, except in its own rows.
async fn a_day(test: usize) -> aiodal::Result<()> {
    let mut expected = Vec::new();
    for round in 0..5 {
        let name = format!("{test:02} in round {round}");
        app::add(&name).await?;
        expected.push(name);
        tokio::time::sleep(Duration::from_millis(2)).await;
        assert_eq!(app::names().await?, expected);
    }
    let tasks = (0..4).map(|_| tokio::spawn(app::names()));
    for task in tasks.collect::<Vec<_>>() {
        assert_eq!(task.await.expect("it does not panic")?, expected);
    }
    Ok(())
}

#[aiodal::test(ambient)]
async fn each_of_a_dozen_has_its_own(
    #[values(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)] test: usize,
) -> aiodal::Result<()> {
    a_day(test).await
}

#[aiodal::test(ambient, flavor = "multi_thread", worker_threads = 2)]
async fn each_of_a_dozen_with_threads_has_its_own(
    #[values(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)] test: usize,
) -> aiodal::Result<()> {
    a_day(test).await
}
