//! The URI of a place, for programs that connect on their own.

use std::fmt::Write as _;

use super::DatabaseUrl;
use crate::config::RootCert;

impl DatabaseUrl {
    /// Returns the URI that another driver or program connects by: **the password is in it**.
    ///
    /// All is in the query, `postgresql:///library?host=..&user=..`: where the host is the directory of a socket, that is the form
    /// which libpq, sqlx, tokio-postgres, Go's drivers and SQLAlchemy read alike. What a password file says is not in it.
    ///
    /// ```
    /// let url: aiodal_core::DatabaseUrl = "host=/tmp/s user=me password=p@ss dbname=d".parse()?;
    /// assert_eq!(
    ///     url.connection_string(),
    ///     "postgresql:///d?host=/tmp/s&port=5432&user=me&password=p%40ss"
    /// );
    /// # Ok::<(), aiodal_core::Error>(())
    /// ```
    #[must_use]
    pub fn connection_string(&self) -> String {
        let mut text = format!("postgresql:///{}", encoded(self.database()));
        let mut separator = '?';
        for (name, value) in self.parameters() {
            let _infallible = write!(text, "{separator}{name}={}", encoded(&value));
            separator = '&';
        }
        text
    }

    fn parameters(&self) -> Vec<(&'static str, String)> {
        let config = self.config();
        let ssl = &self.settings().ssl;
        let path = |path: &std::path::PathBuf| path.display().to_string();
        let seconds = |limit: &std::time::Duration| limit.as_secs().max(1).to_string();
        let password = config.get_password();
        let (hosts, addresses, ports) = self.places();
        let parameters = [
            ("host", hosts),
            ("hostaddr", addresses),
            ("port", ports),
            ("user", Some(self.settings().user().into_owned())),
            (
                "password",
                password.map(|password| String::from_utf8_lossy(password).into_owned()),
            ),
            ("sslmode", ssl.mode.word().map(str::to_owned)),
            ("sslrootcert", ssl.root_cert.as_ref().map(RootCert::word)),
            ("sslcert", ssl.cert.as_ref().map(path)),
            ("sslkey", ssl.key.as_ref().map(path)),
            ("connect_timeout", config.get_connect_timeout().map(seconds)),
            ("options", config.get_options().map(str::to_owned)),
            (
                "application_name",
                config.get_application_name().map(str::to_owned),
            ),
        ];
        parameters
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }
}

/// Percent-encodes what RFC 3986 doesn't call unreserved, but for `/`, so that directories stay readable.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _infallible = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connection_string_reads_back_as_the_same_place() {
        for text in [
            "postgres://me:p%40ss%2F@a:5433,[::1]/li%20brary?options=-c%20work_mem%3D5MB",
            "host=/tmp/some%where port=6000 user='o dd' password='%+&=?#'",
            "host=h hostaddr=192.0.2.1 user=me dbname=d connect_timeout=7 application_name=loans",
            "hostaddr=::1 user=me dbname=d sslmode=disable",
            "host=h user=me dbname='a/ü'",
        ] {
            let url: DatabaseUrl = text.parse().unwrap();
            let again: DatabaseUrl = url.connection_string().parse().unwrap();
            assert_eq!(again.to_string(), url.to_string(), "{text}");
            let (again, config) = (again.config(), url.config());
            assert_eq!(again.get_password(), config.get_password(), "{text}");
            assert_eq!(again.get_options(), config.get_options(), "{text}");
            assert_eq!(again.get_ssl_mode(), config.get_ssl_mode(), "{text}");
        }
    }
}
