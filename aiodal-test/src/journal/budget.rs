//! How many statements a test may run: `max_queries` and `max_repeats`.

use std::collections::HashMap;

use aiodal_core::Started;

use super::{LONGEST_STATEMENT, in_a_line};
use crate::case::TestCase;

/// What a test may run, and has run so far.
#[derive(Debug, Default)]
pub(super) struct Budget {
    max_queries: Option<u32>,
    max_repeats: Option<u32>,
    /// Whether the body of the test runs.
    begun: bool,
    queries: u64,
    /// How often each text was sent; kept only where there is a limit.
    repeats: HashMap<Box<str>, u64>,
}

impl Budget {
    pub(super) fn of(case: &TestCase) -> Budget {
        Budget {
            max_queries: case.max_queries,
            max_repeats: case.max_repeats,
            ..Budget::default()
        }
    }

    pub(super) fn begin(&mut self) {
        self.begun = true;
    }

    pub(super) fn count(&mut self, statement: &Started<'_>) {
        if !self.begun || (self.max_queries, self.max_repeats) == (None, None) {
            return;
        }
        if statement.is_control() {
            return;
        }
        self.queries += 1;
        if self.max_repeats.is_some() {
            match self.repeats.get_mut(statement.sql) {
                Some(count) => *count += 1,
                None => {
                    self.repeats.insert(statement.sql.into(), 1);
                }
            }
        }
    }

    pub(super) fn exceeded(&self) -> Option<String> {
        let mut problems = Vec::new();
        if let Some(most) = self.max_queries
            && self.queries > u64::from(most)
        {
            problems.push(format!(
                "ran {} statements, and `max_queries = {most}` allows {most}",
                self.queries
            ));
        }
        if let Some(most) = self.max_repeats {
            let mut repeated: Vec<_> = self
                .repeats
                .iter()
                .filter(|(_, count)| **count > u64::from(most))
                .map(|(sql, count)| (*count, sql))
                .collect();
            repeated.sort_by(|one, other| other.cmp(one));
            problems.extend(repeated.into_iter().map(|(count, sql)| {
                let sql = in_a_line(sql, LONGEST_STATEMENT);
                format!(
                    "ran the same statement {count} times, and `max_repeats = {most}` allows {most}: {sql}\n\
                     if that is once per row (N+1), fetch them at once: with a join, or `= any($1)`"
                )
            }));
        }
        (!problems.is_empty()).then(|| problems.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(max_queries: Option<u32>, max_repeats: Option<u32>) -> Budget {
        let mut case = TestCase::new("a::b", "b.rs", 1, "/");
        case.max_queries = max_queries;
        case.max_repeats = max_repeats;
        Budget::of(&case)
    }

    fn run(budget: &mut Budget, statements: &[&str]) -> Option<String> {
        for sql in statements {
            budget.count(&Started::new(sql));
        }
        budget.exceeded()
    }

    #[test]
    fn limit_itself_is_allowed_and_one_more_is_not() {
        let mut budget = budget(Some(2), None);
        budget.begin();
        assert_eq!(
            run(&mut budget, &["select 1", "savepoint a", "select 2"]),
            None
        );
        let exceeded = run(&mut budget, &["select 3"]);
        assert_eq!(
            exceeded.as_deref(),
            Some("ran 3 statements, and `max_queries = 2` allows 2")
        );
    }

    #[test]
    fn what_comes_before_the_body_does_not_count() {
        let mut budget = budget(Some(0), Some(1));
        assert_eq!(run(&mut budget, &["select 1", "select 1"]), None);
    }

    #[test]
    fn repeated_statements_are_named_the_most_frequent_first() {
        let mut budget = budget(None, Some(1));
        budget.begin();
        assert_eq!(run(&mut budget, &["select 1", "select 2"]), None);
        let exceeded = run(&mut budget, &["select 1", "select 2", "select 2"]);
        let exceeded = exceeded.expect("both are repeated");
        let (second, first) = (exceeded.find("select 2"), exceeded.find("select 1"));
        assert!(second < first && second.is_some(), "{exceeded}");
        assert!(
            exceeded.starts_with("ran the same statement 3 times"),
            "{exceeded}"
        );
    }
}
