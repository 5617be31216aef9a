//! How clients may write: the sandbox reads what they say, and counts characters in it.

/// What to do about another one.
pub(super) const HINT: &str = "have the client speak UTF8";

/// Says what is wrong with a client's encoding, if it is not one that a sandbox speaks.
pub(super) fn refused(encoding: &str) -> Option<String> {
    const KNOWN: [&str; 6] = ["utf8", "utf-8", "unicode", "sql_ascii", "auto", "default"];
    let is_known = KNOWN
        .iter()
        .any(|known| known.eq_ignore_ascii_case(encoding));
    (!is_known).then(|| format!("client_encoding \"{encoding}\" is not spoken by a sandbox"))
}

/// Returns what a statement that is known to set `client_encoding` sets it to: what stands last behind the name, in quotes or not;
/// of a call of `set_config`, first.
pub(super) fn set_to(text: &str) -> Option<&str> {
    let lower = text.to_ascii_lowercase();
    let begins = ["client_encoding", "names"];
    let behind = begins
        .iter()
        .find_map(|name| Some(lower.find(name)? + name.len()))?;
    let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let mut words = text[behind..].split(|c: char| !is_part(c));
    words.find(|word| !word.is_empty() && !word.eq_ignore_ascii_case("to"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding_is_found_in_each_form() {
        for (sql, expected) in [
            ("set client_encoding = 'LATIN1'", Some("LATIN1")),
            ("SET Client_Encoding TO utf8", Some("utf8")),
            ("set names 'UTF-8'", Some("UTF-8")),
            ("set names", None),
            (
                "select set_config('client_encoding', 'SJIS', false)",
                Some("SJIS"),
            ),
        ] {
            assert_eq!(set_to(sql), expected, "{sql}");
        }
        assert!(refused("UTF8").is_none() && refused("latin1").is_some());
    }
}
