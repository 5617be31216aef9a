//! The guard rail: a URL that looks like production is refused before anybody connects to it.

use std::fmt;

use aiodal_core::DatabaseUrl;
use tokio_postgres::config::Host;

use crate::config::Config;
use crate::set_up::SetUpError;

/// The words that production goes by, in the name of a host or of a database. This is the whole rule: a word counts where it
/// stands alone or between punctuation, whatever its case, with or without digits behind it.
const WORDS: [&str; 5] = ["production", "prod", "prd", "live", "primary"];

/// Which name looks like production, and by which word.
#[derive(Debug, PartialEq, Eq)]
struct Sign<'a> {
    part: &'static str,
    name: &'a str,
    word: &'static str,
}

/// Refuses a server that looks like production, unless that is allowed.
///
/// Tests make databases on a given server, or run in the given one, where code under test may commit by mistake.
///
/// # Errors
///
/// It looks like production: which word, where the URL comes from, and how to allow it.
pub(crate) fn refuse(url: &DatabaseUrl, config: &Config) -> Result<(), SetUpError> {
    let Some(sign) = sign(url).filter(|_| !config.allow_production) else {
        return Ok(());
    };
    let origin = match config.origin("database_url") {
        Some(origin) => format!("the URL comes from {origin}\n"),
        None => String::new(),
    };
    Err(SetUpError::new(
        format!("refused to test on {url}: {sign}, so it looks like production"),
        format!(
            "{origin}nothing was connected to; give tests a server of their own, or no URL to have one started here\n\
             if it is none that matters, say so: `allow_production = true` in aiodal.toml, AIODAL_ALLOW_PRODUCTION=true, \
             or `config.allow_production = true` in `Session::configure`"
        ),
    ))
}

fn sign(url: &DatabaseUrl) -> Option<Sign<'_>> {
    let hosts = url.config().get_hosts().iter().filter_map(|host| {
        let name = match host {
            Host::Tcp(name) => name.as_str(),
            Host::Unix(directory) => directory.to_str()?,
        };
        Some(("host", name))
    });
    let mut names = hosts.chain([("database", url.database())]);
    names.find_map(|(part, name)| word(name).map(|word| Sign { part, name, word }))
}

fn word(name: &str) -> Option<&'static str> {
    let parts = name.split(|c: char| !c.is_alphanumeric());
    let words = parts.map(|part| part.trim_end_matches(|c: char| c.is_ascii_digit()));
    words.into_iter().find_map(|part| {
        WORDS
            .into_iter()
            .find(|word| word.eq_ignore_ascii_case(part))
    })
}

impl fmt::Display for Sign<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Sign { part, name, word } = self;
        write!(f, "its {part} `{name}` has the word `{word}` in it")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(url: &str) -> bool {
        sign(&url.parse().unwrap()).is_some()
    }

    #[test]
    fn words_of_production_are_found_in_hosts_and_databases() {
        for url in [
            "postgres://me@db.prod.example.com/app",
            "postgres://me@shop-production-1.example.com/app",
            "postgres://me@PRD2/app",
            "postgres://me@a,pg-primary.internal/app",
            "postgres://me@localhost/app_production",
            "postgres://me@127.0.0.1/live",
            "host=/var/run/prod user=me dbname=app",
            "host=/tmp user=production",
        ] {
            assert!(looks(url), "{url}");
        }
    }

    #[test]
    fn words_that_only_contain_them_are_not() {
        for url in [
            "postgres://prod:prod@localhost/app",
            "postgres://me@products.example.com/olive",
            "postgres://me@delivery/product_reproduction",
            "postgres://me@localhost:5432/app_test",
        ] {
            assert!(!looks(url), "{url}");
        }
    }

    #[test]
    fn refusal_names_the_word_and_the_way_out_and_no_password() {
        let url = "postgres://me:hunter2@db.prod.example.com/app"
            .parse()
            .unwrap();
        let mut config = Config::default();
        let error = refuse(&url, &config).unwrap_err().to_string();
        assert!(
            error.contains("its host `db.prod.example.com` has the word `prod` in it"),
            "{error}"
        );
        assert!(error.contains("AIODAL_ALLOW_PRODUCTION=true"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
        config.allow_production = true;
        refuse(&url, &config).unwrap();
    }
}
