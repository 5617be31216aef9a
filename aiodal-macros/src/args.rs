//! The options of the attributes: `#[aiodal::test(flavor = "multi_thread")]` becomes a struct.

use std::time::Duration;

use proc_macro2::TokenStream;
use syn::{LitBool, LitInt, LitStr, Path};

use crate::krate;
use crate::nearest::expected_one_of;
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

/// The options of `#[aiodal::test]`.
pub(crate) struct TestArgs {
    pub(crate) flavor: Flavor,
    pub(crate) worker_threads: Option<usize>,
    pub(crate) start_paused: bool,
    pub(crate) timeout: Option<Duration>,
    pub(crate) krate: Path,
}

/// Which Tokio runtime a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavor {
    CurrentThread,
    MultiThread,
}

/// The options of `#[aiodal::session]`.
pub(crate) struct SessionArgs {
    pub(crate) krate: Path,
}

impl TestArgs {
    pub(crate) fn parse(tokens: TokenStream, problems: &mut Problems) -> Self {
        let known = [FLAVOR, WORKER_THREADS, START_PAUSED, TIMEOUT, krate::OPTION];
        let given = Given(settings::read(tokens, &known, problems));

        let flavor = given.value(FLAVOR, flavor, problems);
        let worker_threads = given.value(WORKER_THREADS, worker_threads, problems);
        let start_paused = given.value(START_PAUSED, boolean, problems);
        let timeout = given.value(TIMEOUT, timeout, problems);
        let krate = given.value(krate::OPTION, krate::parse_path, problems);

        let flavor = flavor.unwrap_or(Flavor::CurrentThread);
        // What options mean to each other is known when each of them is.
        if problems.is_empty() {
            check_together(&given, flavor, problems);
        }

        Self {
            flavor,
            worker_threads,
            start_paused: start_paused.unwrap_or(false),
            timeout,
            krate: krate.unwrap_or_else(krate::default_path),
        }
    }
}

impl SessionArgs {
    pub(crate) fn parse(tokens: TokenStream, problems: &mut Problems) -> Self {
        let given = Given(settings::read(tokens, &[krate::OPTION], problems));
        let krate = given.value(krate::OPTION, krate::parse_path, problems);
        Self {
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
struct Given(Vec<Setting>);

impl Given {
    fn setting(&self, option: Known) -> Option<&Setting> {
        self.0.iter().find(|setting| setting.key == option.name)
    }

    /// The value of an option, if it was given and `parse` accepts it.
    fn value<T>(
        &self,
        option: Known,
        parse: fn(TokenStream) -> Result<T, String>,
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

fn flavor(value: TokenStream) -> Result<Flavor, String> {
    let Ok(literal) = syn::parse2::<LitStr>(value) else {
        return Err("`flavor` takes a string: `\"current_thread\"` or `\"multi_thread\"`".into());
    };
    match literal.value().as_str() {
        "current_thread" => Ok(Flavor::CurrentThread),
        "multi_thread" => Ok(Flavor::MultiThread),
        wrong => {
            let expected = expected_one_of(wrong, &["current_thread", "multi_thread"]);
            Err(format!("unknown flavor `{wrong}`; {expected}"))
        }
    }
}

fn worker_threads(value: TokenStream) -> Result<usize, String> {
    syn::parse2::<LitInt>(value)
        .and_then(|literal| literal.base10_parse::<usize>())
        .ok()
        .filter(|threads| *threads > 0)
        .ok_or_else(|| {
            let example = WORKER_THREADS.example;
            format!("`worker_threads` takes a whole number of at least 1, such as `{example}`")
        })
}

fn boolean(value: TokenStream) -> Result<bool, String> {
    syn::parse2::<LitBool>(value)
        .map(|literal| literal.value())
        .map_err(|_| "`start_paused` takes `true` or `false`, without quotes".into())
}

fn timeout(value: TokenStream) -> Result<Duration, String> {
    let duration = syn::parse2::<LitStr>(value)
        .ok()
        .and_then(|literal| parse_duration(&literal.value()));
    match duration {
        Some(Duration::ZERO) => {
            Err("a timeout of zero fails every test; remove it for the configured one".into())
        }
        Some(duration) => Ok(duration),
        None => Err(
            "`timeout` takes a whole number and a unit in a string, such as `\"250ms\"`, `\"5s\"`, `\"2m\"` or `\"1h\"`"
                .into(),
        ),
    }
}

fn parse_duration(text: &str) -> Option<Duration> {
    let letters = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (count, unit) = text.split_at(letters);
    let count: u64 = count.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(count)),
        "s" => Some(Duration::from_secs(count)),
        "m" => count.checked_mul(60).map(Duration::from_secs),
        "h" => count.checked_mul(60 * 60).map(Duration::from_secs),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use quote::{ToTokens, quote};

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
                "unknown option `flavour`; did you mean `flavor`? expected one of: `flavor`, `worker_threads`, `start_paused`, `timeout`, `crate`",
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
    fn a_zero_timeout_is_refused() {
        let problem = only_problem(quote!(timeout = "0ms"));
        assert!(problem.starts_with("a timeout of zero"));
    }
}
