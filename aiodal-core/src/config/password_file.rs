//! The password file, `~/.pgpass` (PostgreSQL manual 34.16).

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::environment::DEFAULT_SOCKET_DIRECTORIES;

/// A file of passwords, which is read anew for each connection, as libpq reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PasswordFile {
    pub(super) path: PathBuf,
    /// Whether somebody has named it; the default one may be missing.
    pub(super) named: bool,
}

/// What a password is wanted for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    /// The host's name, or the directory of its socket.
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    pub(crate) database: &'a str,
    pub(crate) user: &'a str,
}

impl PasswordFile {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Looks a password up.
    ///
    /// # Errors
    ///
    /// Why the file was not used; worth telling once the server has asked for a password.
    pub(crate) fn password(&self, wanted: Wanted<'_>) -> Result<Option<String>, String> {
        let shown = self.path.display();
        let text = match read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !self.named => {
                return Ok(None);
            }
            Err(error) => return Err(format!("the password file {shown} was not used: {error}")),
        };
        let found = text.lines().find_map(|line| match_line(line, wanted));
        match found {
            None => Err(format!("the password file {shown} has no line for it")),
            Some(password) => Ok(Some(password).filter(|password| !password.is_empty())),
        }
    }
}

/// Reads the file if nobody but its owner can.
fn read(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a plain file"));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if metadata.permissions().mode() & 0o077 != 0 {
            let problem = "others may read it; make its permissions u=rw (0600) or less";
            return Err(io::Error::other(problem));
        }
    }
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Returns the password of a line `host:port:database:user:password` if its first four fields match.
fn match_line(line: &str, wanted: Wanted<'_>) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let port = wanted.port.to_string();
    let mut rest = line;
    for value in [localhost(wanted.host), &port, wanted.database, wanted.user] {
        let (field, behind) = field(rest)?;
        // An escaped `*` is a star and matches nothing else.
        if rest[..rest.len() - behind.len()] != *"*:" && field != value {
            return None;
        }
        rest = behind;
    }
    // What follows the password, if anything, is for others.
    Some(field(rest).map_or_else(|| unescape(rest), |(password, _)| password))
}

/// The default socket counts as the local machine.
fn localhost(host: &str) -> &str {
    if DEFAULT_SOCKET_DIRECTORIES.contains(&host) {
        "localhost"
    } else {
        host
    }
}

/// Splits the first field off, which ends at a `:` that no `\` escapes.
fn field(text: &str) -> Option<(String, &str)> {
    let mut escaped = false;
    let end = text.char_indices().find(|&(_, c)| {
        let ends = c == ':' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    let (end, _) = end?;
    Some((unescape(&text[..end]), &text[end + 1..]))
}

fn unescape(text: &str) -> String {
    let mut chars = text.chars();
    let mut out = String::with_capacity(text.len());
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: Wanted<'_> = Wanted {
        host: "db.example",
        port: 5433,
        database: "library",
        user: "me",
    };

    fn first(text: &str, wanted: Wanted<'_>) -> Option<String> {
        text.lines().find_map(|line| match_line(line, wanted))
    }

    #[test]
    fn first_line_that_matches_counts() {
        let text = "# db.example:5433:library:me:comment\n\
                    other:5433:library:me:no\n\
                    db.example:*:library:me:yes\n\
                    *:*:*:*:later";
        assert_eq!(first(text, WANTED).as_deref(), Some("yes"));
        let you = Wanted {
            user: "you",
            ..WANTED
        };
        assert_eq!(first(text, you).as_deref(), Some("later"));
    }

    #[test]
    fn colons_and_backslashes_are_escaped() {
        let wanted = Wanted {
            host: "::1",
            user: r"a\b",
            ..WANTED
        };
        let text = r"\:\:1:5433:library:a\\b:pass\:word\\";
        assert_eq!(first(text, wanted).as_deref(), Some(r"pass:word\"));
        let star = Wanted {
            user: "x",
            ..wanted
        };
        assert_eq!(first(r"\:\:1:5433:library:\*:no", star), None);
    }

    #[test]
    fn short_lines_match_nothing() {
        for text in ["", "db.example:5433", "db.example:5433:library:me"] {
            assert_eq!(first(text, WANTED), None, "{text}");
        }
    }

    #[test]
    fn default_socket_is_the_local_machine_and_another_is_itself() {
        let text = "localhost:*:*:*:local\n/elsewhere:*:*:*:there";
        let at = |host| first(text, Wanted { host, ..WANTED });
        assert_eq!(at("/var/run/postgresql").as_deref(), Some("local"));
        assert_eq!(at("/elsewhere").as_deref(), Some("there"));
        assert_eq!(at("db.example"), None);
    }
}
