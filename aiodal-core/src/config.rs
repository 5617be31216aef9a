//! What a connection string, the environment and the defaults say, keyword by keyword, before it means anything.

mod environment;
mod keyword;
mod pairs;
mod password_file;
mod place;
mod settings;
mod ssl;
mod uri;
mod values;

use std::collections::BTreeMap;

pub(crate) use self::environment::Environment;
use self::keyword::Keyword;
pub(crate) use self::password_file::{PasswordFile, Wanted};
pub(crate) use self::settings::{SessionAttrs, Settings, Target, option};
pub(crate) use self::ssl::{RootCert, Ssl, SslMode};
use crate::error::{Error, Result};

/// The keywords of PostgreSQL manual 34.1.2 that something has been said of.
#[derive(Default)]
pub(crate) struct Parameters {
    given: BTreeMap<&'static str, Given>,
    /// Settings of the server, to be asked for ahead of `options`.
    server_settings: Vec<(&'static str, String)>,
}

/// What was said of a keyword. It may be a secret, so that it is never printed.
struct Given {
    value: String,
    /// The variable that said it, if the string didn't.
    variable: Option<&'static str>,
}

impl Parameters {
    /// Reads either form of a connection string.
    ///
    /// # Errors
    ///
    /// What is wrong, and where, without a word of the string: any of them may be a piece of a password.
    pub(crate) fn parse(text: &str) -> Result<Parameters> {
        let mut parameters = Parameters::default();
        let uri = ["postgres://", "postgresql://"]
            .iter()
            .find_map(|scheme| text.strip_prefix(scheme));
        match uri {
            Some(rest) => uri::parse(rest, &mut parameters),
            None => pairs::parse(text, &mut parameters),
        }
        .map_err(Error::url)?;
        Ok(parameters)
    }

    /// Notes what the string says of a keyword; what comes later counts, as in libpq.
    fn give(&mut self, name: &str, value: String) -> Result<(), String> {
        let keyword = Keyword::of_string(name)?;
        if value.contains('\0') {
            return Err(format!("option `{}` has a NUL character", keyword.name));
        }
        let given = Given {
            value,
            variable: None,
        };
        self.given.insert(keyword.name, given);
        Ok(())
    }

    /// What was said of a keyword, unless it was nothing at all: empty is the same as left out, as in libpq.
    fn get(&self, name: &'static str) -> Option<&str> {
        debug_assert!(Keyword::exists(name), "`{name}` is no keyword");
        let given = self.given.get(name)?;
        Some(given.value.as_str()).filter(|value| !value.is_empty())
    }

    /// Words a complaint about the value of a keyword, with the place it comes from.
    fn refuse(&self, name: &'static str, problem: &str) -> Error {
        let variable = self.given.get(name).and_then(|given| given.variable);
        let from = variable.map_or_else(String::new, |variable| format!(" (from {variable})"));
        Error::url(format!("option `{name}`{from} {problem}"))
    }
}
