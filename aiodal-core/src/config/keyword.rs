//! The keywords of libpq (PostgreSQL manual 34.1.2) and the variables that stand in for them (34.15).

use crate::nearest::nearest;

/// A keyword of a connection string.
pub(super) struct Keyword {
    pub(super) name: &'static str,
    /// The variable that is read where the string leaves the keyword out.
    pub(super) variable: Option<&'static str>,
    pub(super) meaning: Meaning,
}

/// What we make of a keyword.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It does what the manual says.
    Known,
    /// Only these values, which ask for what we do anyway, are taken.
    Only(&'static [&'static str]),
    /// It is not supported: to ignore it would be to connect otherwise than asked.
    Refused,
}

use Meaning::{Known, Only, Refused};

const fn known(name: &'static str, variable: Option<&'static str>) -> Keyword {
    Keyword {
        name,
        variable,
        meaning: Known,
    }
}

const fn only(
    name: &'static str,
    variable: Option<&'static str>,
    values: &'static [&'static str],
) -> Keyword {
    Keyword {
        name,
        variable,
        meaning: Only(values),
    }
}

const fn refused(name: &'static str, variable: Option<&'static str>) -> Keyword {
    Keyword {
        name,
        variable,
        meaning: Refused,
    }
}

/// All of them, as of PostgreSQL 18, and `keepalives_retries`, as tokio-postgres calls `keepalives_count`.
pub(super) const KEYWORDS: &[Keyword] = &[
    known("application_name", Some("PGAPPNAME")),
    known("channel_binding", Some("PGCHANNELBINDING")),
    only(
        "client_encoding",
        Some("PGCLIENTENCODING"),
        &["UTF8", "utf8", "UTF-8", "utf-8", "auto"],
    ),
    known("connect_timeout", Some("PGCONNECT_TIMEOUT")),
    known("dbname", Some("PGDATABASE")),
    known("fallback_application_name", None),
    only("gssencmode", Some("PGGSSENCMODE"), &["disable", "prefer"]),
    known("host", Some("PGHOST")),
    known("hostaddr", Some("PGHOSTADDR")),
    known("keepalives", None),
    known("keepalives_count", None),
    known("keepalives_idle", None),
    known("keepalives_interval", None),
    known("keepalives_retries", None),
    known("load_balance_hosts", Some("PGLOADBALANCEHOSTS")),
    known("options", Some("PGOPTIONS")),
    known("passfile", Some("PGPASSFILE")),
    known("password", Some("PGPASSWORD")),
    known("port", Some("PGPORT")),
    only("replication", None, &["false", "off", "no", "0"]),
    refused("require_auth", Some("PGREQUIREAUTH")),
    refused("requirepeer", Some("PGREQUIREPEER")),
    // The two that a string names without any `PGSERVICE` to be ignored in silence.
    refused("service", None),
    refused("servicefile", None),
    only("sslcertmode", Some("PGSSLCERTMODE"), &["allow"]),
    known("sslcert", Some("PGSSLCERT")),
    only("sslcompression", Some("PGSSLCOMPRESSION"), &["0"]),
    refused("sslcrl", Some("PGSSLCRL")),
    refused("sslcrldir", Some("PGSSLCRLDIR")),
    known("sslkey", Some("PGSSLKEY")),
    known("sslmode", Some("PGSSLMODE")),
    known("sslnegotiation", Some("PGSSLNEGOTIATION")),
    refused("sslpassword", None),
    known("sslrootcert", Some("PGSSLROOTCERT")),
    only("sslsni", Some("PGSSLSNI"), &["1"]),
    only(
        "ssl_min_protocol_version",
        Some("PGSSLMINPROTOCOLVERSION"),
        &["TLSv1", "TLSv1.1", "TLSv1.2"],
    ),
    only(
        "ssl_max_protocol_version",
        Some("PGSSLMAXPROTOCOLVERSION"),
        &["TLSv1.3"],
    ),
    known("target_session_attrs", Some("PGTARGETSESSIONATTRS")),
    known("tcp_user_timeout", None),
    known("user", Some("PGUSER")),
];

/// Settings that libpq has the server start with (manual 34.15), by variable.
pub(super) const SERVER_SETTINGS: [(&str, &str); 3] = [
    ("PGDATESTYLE", "datestyle"),
    ("PGTZ", "timezone"),
    ("PGGEQO", "geqo"),
];

impl Keyword {
    pub(super) fn exists(name: &str) -> bool {
        KEYWORDS.iter().any(|keyword| keyword.name == name)
    }

    /// Finds the keyword that a string names.
    ///
    /// One that does not exist is not repeated: it may be a piece of a password that was not encoded.
    pub(super) fn of_string(name: &str) -> Result<&'static Keyword, String> {
        if let Some(keyword) = KEYWORDS.iter().find(|keyword| keyword.name == name) {
            return match keyword.meaning {
                Known | Only(_) => Ok(keyword),
                Refused => Err(format!("option `{}` is not supported", keyword.name)),
            };
        }
        let names = KEYWORDS.iter().map(|keyword| keyword.name);
        Err(match nearest(name, names).first() {
            Some(near) => format!("it has an option that does not exist; did you mean `{near}`?"),
            None => "it has an option that does not exist".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slip_of_the_pen_gets_the_nearest_keyword_and_is_not_repeated() {
        let told = |name: &str| Keyword::of_string(name).err().unwrap();
        assert_eq!(
            told("ssl_mode"),
            "it has an option that does not exist; did you mean `sslmode`?"
        );
        assert_eq!(told("hunter2"), "it has an option that does not exist");
        assert_eq!(told("sslcrl"), "option `sslcrl` is not supported");
    }

    #[test]
    fn keywords_and_variables_are_listed_once() {
        for keyword in KEYWORDS {
            let same = |other: &&Keyword| {
                other.name == keyword.name
                    || (other.variable.is_some() && other.variable == keyword.variable)
            };
            assert_eq!(KEYWORDS.iter().filter(same).count(), 1, "{}", keyword.name);
        }
    }
}
