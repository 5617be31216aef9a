//! Encodings, as far as one has to know them to find where records end.

use crate::error::{Error, Result};

/// The encodings whose characters may have an ASCII byte as their second (PostgreSQL manual, "Supported Character Sets":
/// the client-only ones). A backslash or a quote in them may be half a character.
const EMBEDS_ASCII: [&str; 17] = [
    "big5",
    "win950",
    "windows950",
    "gbk",
    "win936",
    "windows936",
    "gb18030",
    "johab",
    "sjis",
    "mskanji",
    "shiftjis",
    "win932",
    "windows932",
    "shiftjis2004",
    "uhc",
    "win949",
    "windows949",
];

/// Whether it is a name of UTF-8; none is.
pub(super) fn is_utf8(encoding: Option<&str>) -> bool {
    encoding.is_none_or(|name| matches!(plain(name).as_str(), "utf8" | "unicode"))
}

/// Refuses what records can't be found in.
pub(super) fn refuse_embedding(encoding: Option<&str>, source: &str) -> Result<()> {
    let Some(encoding) = encoding else {
        return Ok(());
    };
    let known = plain(encoding);
    if EMBEDS_ASCII.contains(&known.as_str()) {
        return Err(Error::refused(
            &format!("read {source}"),
            format!(
                "in {encoding} a delimiter may be half a character; convert it first: `iconv -f {encoding} -t UTF-8`"
            ),
        ));
    }
    Ok(())
}

/// The server compares names without regard to case and punctuation (PostgreSQL source, `encnames.c`).
fn plain(encoding: &str) -> String {
    encoding
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_go_by_any_of_their_names() {
        assert!(is_utf8(None));
        assert!(is_utf8(Some("UTF-8")));
        assert!(is_utf8(Some("Unicode")));
        assert!(!is_utf8(Some("LATIN1")));
        assert!(refuse_embedding(Some("LATIN1"), "x").is_ok());
        assert!(refuse_embedding(Some("EUC_JP"), "x").is_ok());
        for encoding in ["SJIS", "shift_jis_2004", "GBK", "gb18030", "Windows-949"] {
            let error = refuse_embedding(Some(encoding), "x.csv").unwrap_err();
            assert!(error.to_string().contains(encoding), "{error}");
        }
    }
}
