use std::time::Duration;

use aiodal_core::types::ToSql;

use super::*;

fn journal(sql: ShowSql) -> Journal {
    let mut config = Config::default();
    config.sql = sql;
    Journal::new(&TestCase::new("a::b", "b.rs", 1, "/"), &config)
}

#[test]
fn what_was_not_answered_is_running() {
    let journal = journal(ShowSql::Failed);
    let first = journal.started(&Started::new("select 1"));
    let second = journal.started(&Started::new("select 2"));
    assert_ne!(first, second);
    journal.finished(first, Duration::ZERO, Outcome::Rows(Some(1)));
    let running: Vec<_> = journal.running().into_iter().map(|(sql, _)| sql).collect();
    assert_eq!(running, ["select 2"]);
}

#[test]
fn middle_of_a_long_history_is_forgotten() {
    let journal = journal(ShowSql::Failed);
    for n in 1..=1000_u64 {
        let sql = format!("select {n}");
        let number = journal.started(&Started::new(&sql));
        journal.finished(number, Duration::ZERO, Outcome::Rows(Some(n)));
    }
    let history = journal.take_history();
    assert_eq!((history.count(), history.forgotten()), (1000, 960));
    for entry in history.entries() {
        assert_eq!(entry.sql, format!("select {}", entry.number));
        let End::Rows(_, rows) = entry.end else {
            panic!("{entry:?} was answered");
        };
        assert_eq!(rows, Some(entry.number));
    }
    let numbers: Vec<_> = history.entries().map(|entry| entry.number).collect();
    assert_eq!(numbers[..9], [1, 2, 3, 4, 5, 6, 7, 8, 969]);
    assert_eq!(numbers.last(), Some(&1000));
}

#[test]
fn parameters_are_formatted_only_where_somebody_may_want_them() {
    let params: [&(dyn ToSql + Sync); 1] = [&7];
    for (sql, expected) in [(ShowSql::Failed, "$1 = 7"), (ShowSql::Never, "")] {
        let journal = journal(sql);
        journal.started(&Started::new("select $1").with_params(params[..].into()));
        let history = journal.take_history();
        let shown: Vec<_> = history
            .entries()
            .map(|entry| entry.params.as_str())
            .collect();
        assert_eq!(shown, [expected]);
    }
}

#[test]
fn statements_that_are_only_sent_are_noted() {
    let journal = journal(ShowSql::Failed);
    journal.queued(&Started::new("rollback to a; release a"));
    assert!(journal.undoes() && journal.running().is_empty());
    assert_eq!(journal.take_history().count(), 1);
}
