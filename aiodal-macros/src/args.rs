//! The options of the attributes: `#[aiodal::test(flavor = "multi_thread")]` becomes a struct.

mod sql_fixtures;
pub(crate) mod values;

use std::time::Duration;

use proc_macro2::TokenStream;
use syn::Path;

pub(crate) use self::sql_fixtures::SqlFixture;
use self::values::{
    boolean, count, flavor, isolation, isolation_level, path, sandbox_wait, timeout, worker_threads,
};
use crate::krate;
use crate::problems::Problems;
use crate::settings::{self, Known, Setting};

const FLAVOR: Known = Known {
    name: "flavor",
    example: "flavor = \"multi_thread\"",
};
const WORKER_THREADS: Known = Known {
    name: "worker_threads",
    example: "worker_threads = 2",
};
const START_PAUSED: Known = Known {
    name: "start_paused",
    example: "start_paused = true",
};
const TIMEOUT: Known = Known {
    name: "timeout",
    example: "timeout = \"5s\"",
};

const ISOLATION: Known = Known {
    name: "isolation",
    example: "isolation = \"database\"",
};
const ISOLATION_LEVEL: Known = Known {
    name: "isolation_level",
    example: "isolation_level = \"serializable\"",
};
const AMBIENT: Known = Known {
    name: "ambient",
    example: "ambient[ = true]",
};
const SANDBOX_WAIT: Known = Known {
    name: "sandbox_wait",
    example: "sandbox_wait = \"5s\"",
};
const ECHO: Known = Known {
    name: "echo",
    example: "echo = true",
};
const MAX_QUERIES: Known = Known {
    name: "max_queries",
    example: "max_queries = 3",
};
const MAX_REPEATS: Known = Known {
    name: "max_repeats",
    example: "max_repeats = 5",
};
const SESSION: Known = Known {
    name: "session",
    example: "session = MySession",
};
const FIXTURES: Known = Known {
    name: "fixtures",
    example: "fixtures(\"users\", \"posts\")",
};

const NAMED: Known = Known::flag("named");

/// The options of `#[aiodal::test]`.
pub(crate) struct TestArgs {
    pub(crate) flavor: Flavor,
    pub(crate) worker_threads: Option<usize>,
    pub(crate) start_paused: bool,
    pub(crate) timeout: Option<Duration>,
    pub(crate) isolation: Option<Isolation>,
    pub(crate) isolation_level: Option<IsolationLevel>,
    pub(crate) ambient: Option<bool>,
    pub(crate) sandbox_wait: Option<Duration>,
    pub(crate) echo: Option<bool>,
    pub(crate) max_queries: Option<u32>,
    pub(crate) max_repeats: Option<u32>,
    /// The session this test belongs to, if it isn't the one of its binary.
    pub(crate) session: Option<Path>,
    /// The files of SQL that run before it, in order.
    pub(crate) sql_fixtures: Vec<SqlFixture>,
    pub(crate) krate: Path,
}

/// Which Tokio runtime a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavor {
    CurrentThread,
    MultiThread,
}

/// What keeps a test apart from the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Isolation {
    Rollback,
    Database,
    None,
}

/// PostgreSQL's transaction isolation levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IsolationLevel {
    ReadCommitted,
    RepeatableRead,
    Serializable,
}

/// The options of `#[aiodal::session]`.
pub(crate) struct SessionArgs {
    /// Whether it is only for tests that name it.
    pub(crate) named: bool,
    pub(crate) krate: Path,
}

impl TestArgs {
    pub(crate) fn parse(tokens: TokenStream, problems: &mut Problems) -> Self {
        let known = [
            FLAVOR,
            WORKER_THREADS,
            START_PAUSED,
            TIMEOUT,
            ISOLATION,
            ISOLATION_LEVEL,
            AMBIENT,
            SANDBOX_WAIT,
            ECHO,
            MAX_QUERIES,
            MAX_REPEATS,
            SESSION,
            FIXTURES,
            krate::OPTION,
        ];
        let given = Given(settings::read(tokens, &known, problems));

        let flavor = given.value(FLAVOR, flavor, problems);
        let worker_threads = given.value(
            WORKER_THREADS,
            |value| worker_threads(value, WORKER_THREADS),
            problems,
        );
        let start_paused =
            given.value(START_PAUSED, |value| boolean(value, START_PAUSED), problems);
        let timeout = given.value(TIMEOUT, timeout, problems);
        let isolation = given.value(ISOLATION, isolation, problems);
        let isolation_level = given.value(ISOLATION_LEVEL, isolation_level, problems);
        let ambient = given.value(AMBIENT, |value| boolean(value, AMBIENT), problems);
        let sandbox_wait = given.value(SANDBOX_WAIT, sandbox_wait, problems);
        let echo = given.value(ECHO, |value| boolean(value, ECHO), problems);
        let max_queries = given.value(MAX_QUERIES, |value| count(value, MAX_QUERIES), problems);
        let max_repeats = given.value(MAX_REPEATS, |value| count(value, MAX_REPEATS), problems);
        let session = given.value(SESSION, |value| path(value, SESSION), problems);
        let sql_fixtures = given.setting(FIXTURES).map_or_else(Vec::new, |setting| {
            sql_fixtures::read(setting.value.clone(), problems)
        });
        let krate = given.value(krate::OPTION, krate::parse_path, problems);

        let flavor = flavor.unwrap_or(Flavor::CurrentThread);
        // What options mean to each other is known when each of them is.
        if problems.is_empty() {
            check_together(&given, flavor, problems);
            if isolation == Some(Isolation::None) {
                given.refuse(
                    FIXTURES,
                    "`fixtures` write rows, and `isolation = \"none\"` can only read; run it with `isolation = \"rollback\"`",
                    problems,
                );
            }
        }

        Self {
            flavor,
            worker_threads,
            start_paused: start_paused.unwrap_or(false),
            timeout,
            isolation,
            isolation_level,
            ambient,
            sandbox_wait,
            echo,
            max_queries,
            max_repeats,
            session,
            sql_fixtures,
            krate: krate.unwrap_or_else(krate::default_path),
        }
    }
}

impl SessionArgs {
    pub(crate) fn parse(tokens: TokenStream, problems: &mut Problems) -> Self {
        let given = Given(settings::read(tokens, &[NAMED, krate::OPTION], problems));
        let krate = given.value(krate::OPTION, krate::parse_path, problems);
        Self {
            named: given.setting(NAMED).is_some(),
            krate: krate.unwrap_or_else(krate::default_path),
        }
    }
}

fn check_together(given: &Given, flavor: Flavor, problems: &mut Problems) {
    match flavor {
        Flavor::CurrentThread => given.refuse(
            WORKER_THREADS,
            "`worker_threads` needs `flavor = \"multi_thread\"` beside it",
            problems,
        ),
        Flavor::MultiThread => given.refuse(
            START_PAUSED,
            "`start_paused` needs `flavor = \"current_thread\"`: only that runtime can stop its clock",
            problems,
        ),
    }
}

/// The settings a user wrote.
pub(crate) struct Given(pub(crate) Vec<Setting>);

impl Given {
    pub(crate) fn setting(&self, option: Known) -> Option<&Setting> {
        self.0.iter().find(|setting| setting.key == option.name)
    }

    /// The value of an option, if it was given and `parse` accepts it.
    pub(crate) fn value<T>(
        &self,
        option: Known,
        parse: impl FnOnce(TokenStream) -> Result<T, String>,
        problems: &mut Problems,
    ) -> Option<T> {
        let setting = self.setting(option)?;
        parse(setting.value.clone())
            .map_err(|message| problems.at(&setting.value, message))
            .ok()
    }

    fn refuse(&self, option: Known, message: &str, problems: &mut Problems) {
        if let Some(setting) = self.setting(option) {
            problems.at(&setting.key, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use quote::{ToTokens, quote};

    use super::values::parse_duration;
    use super::*;

    fn parse(tokens: TokenStream) -> (TestArgs, Vec<String>) {
        let mut problems = Problems::default();
        let args = TestArgs::parse(tokens, &mut problems);
        (args, problems.messages())
    }

    #[track_caller]
    fn valid(tokens: TokenStream) -> TestArgs {
        let (args, problems) = parse(tokens);
        assert!(problems.is_empty(), "{problems:#?}");
        args
    }

    #[track_caller]
    fn only_problem(tokens: TokenStream) -> String {
        let (_, problems) = parse(tokens);
        assert_eq!(problems.len(), 1, "{problems:#?}");
        problems.concat()
    }

    fn path(args: &TestArgs) -> String {
        args.krate.to_token_stream().to_string()
    }

    #[test]
    fn no_options_mean_a_current_thread_runtime_and_the_configured_timeout() {
        let args = valid(quote!());
        assert_eq!(args.flavor, Flavor::CurrentThread);
        assert_eq!(args.worker_threads, None);
        assert!(!args.start_paused);
        assert_eq!(args.timeout, None);
        assert_eq!(path(&args), ":: aiodal");
    }

    #[test]
    fn options_are_read_in_any_order_with_a_trailing_comma() {
        let args = valid(quote! {
            crate = db::kit, worker_threads = 3, timeout = "250ms", flavor = "multi_thread",
        });
        assert_eq!(args.flavor, Flavor::MultiThread);
        assert_eq!(args.worker_threads, Some(3));
        assert_eq!(args.timeout, Some(Duration::from_millis(250)));
        assert_eq!(path(&args), "db :: kit");
    }

    #[test]
    fn the_crate_path_may_be_a_string() {
        assert_eq!(path(&valid(quote!(crate = "db"))), "db");
    }

    #[test]
    fn durations_are_whole_numbers_with_a_unit() {
        let seconds = |text| parse_duration(text).map(|duration| duration.as_secs());
        assert_eq!(seconds("5s"), Some(5));
        assert_eq!(seconds("2m"), Some(120));
        assert_eq!(seconds("1h"), Some(3600));
        for wrong in [
            "",
            "5",
            "s",
            "1.5s",
            "+5s",
            "-5s",
            "5 s",
            "5d",
            "5S",
            "18446744073709551615h",
        ] {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn all_wrong_options_are_reported_at_once() {
        let (_, problems) = parse(quote! {
            flavour = "multi_thread", worker_threads = 0, start_paused = "yes", timeout = 5, "x", crate
        });
        assert_eq!(
            problems,
            [
                "unknown option `flavour`; did you mean `flavor`? expected one of: `flavor`, `worker_threads`, `start_paused`, `timeout`, `isolation`, `isolation_level`, `ambient`, `sandbox_wait`, `echo`, `max_queries`, `max_repeats`, `session`, `fixtures`, `crate`",
                "expected an option, such as `flavor = \"multi_thread\"`",
                "`crate` needs a value: `crate = my_aiodal`",
                "`worker_threads` takes a whole number of at least 1, such as `worker_threads = 2`",
                "`start_paused` takes `true` or `false`, without quotes",
                "`timeout` takes a whole number and a unit in a string, such as `\"250ms\"`, `\"5s\"`, `\"2m\"` or `\"1h\"`",
            ]
        );
    }

    #[test]
    fn an_unreadable_flavor_is_not_blamed_on_worker_threads() {
        let problem = only_problem(quote!(flavor = "multithread", worker_threads = 2));
        assert_eq!(
            problem,
            "unknown flavor `multithread`; did you mean `multi_thread`? expected one of: `current_thread`, `multi_thread`"
        );
    }

    #[test]
    fn an_option_is_given_once() {
        let problem = only_problem(quote!(timeout = "1s", timeout = "2s"));
        assert_eq!(problem, "`timeout` is set twice; remove one of the two");
    }

    #[test]
    fn a_stopped_clock_needs_the_current_thread_runtime() {
        let problem = only_problem(quote!(flavor = "multi_thread", start_paused = true));
        assert!(problem.starts_with("`start_paused` needs `flavor = \"current_thread\"`"));
        assert!(valid(quote!(start_paused = true)).start_paused);
    }

    #[test]
    fn worker_threads_need_the_multi_thread_runtime() {
        let problem = only_problem(quote!(worker_threads = 2));
        assert!(problem.starts_with("`worker_threads` needs `flavor = \"multi_thread\"`"));
    }

    #[test]
    fn a_switch_may_stand_alone() {
        assert_eq!(valid(quote!(ambient)).ambient, Some(true));
        assert_eq!(valid(quote!(ambient = false)).ambient, Some(false));
        assert_eq!(valid(quote!()).ambient, None);
    }

    #[test]
    fn a_sandbox_waits_for_a_while() {
        let args = valid(quote!(sandbox_wait = "2m"));
        assert_eq!(args.sandbox_wait, Some(Duration::from_secs(120)));
        let problem = only_problem(quote!(sandbox_wait = "0s"));
        assert!(problem.starts_with("a `sandbox_wait` of zero"), "{problem}");
        let problem = only_problem(quote!(sandbox_wait = 5));
        assert!(
            problem.starts_with("`sandbox_wait` takes a whole number and a unit"),
            "{problem}"
        );
    }

    #[test]
    fn a_zero_timeout_is_refused() {
        let problem = only_problem(quote!(timeout = "0ms"));
        assert!(problem.starts_with("a timeout of zero"));
    }
}
