//! The key=value form of a connection string (PostgreSQL manual 34.1.1.1).

use std::iter::Peekable;
use std::str::CharIndices;

use super::Parameters;

/// Reads `keyword = value` pairs. A value is quoted with `'` or ends at white space; `\` takes the next character as it is.
pub(super) fn parse(text: &str, parameters: &mut Parameters) -> Result<(), String> {
    let mut rest = text.char_indices().peekable();
    loop {
        skip_space(&mut rest);
        let Some(&(start, _)) = rest.peek() else {
            return Ok(());
        };
        let mut keyword = String::new();
        while let Some((_, c)) = rest.next_if(|&(_, c)| c != '=' && !c.is_whitespace()) {
            keyword.push(c);
        }
        skip_space(&mut rest);
        if rest.next_if(|&(_, c)| c == '=').is_none() {
            return Err(neither(text, start));
        }
        skip_space(&mut rest);
        let value = value(&mut rest)?;
        parameters.give(&keyword, value)?;
    }
}

/// Words that a string is in neither form, without a word of it.
fn neither(text: &str, start: usize) -> String {
    if text.contains("://") && start == 0 {
        return "it is a URL of something else; write `postgres://user:password@host:port/database`"
            .to_owned();
    }
    let position = text[..start].chars().count() + 1;
    format!(
        "it is neither `postgres://user:password@host:port/database` nor `key=value` pairs: \
         the word at character {position} has no `=`; in pairs, quote a value that has spaces: `password='two words'`"
    )
}

fn value(rest: &mut Peekable<CharIndices<'_>>) -> Result<String, String> {
    let quoted = rest.next_if(|&(_, c)| c == '\'').is_some();
    let mut value = String::new();
    while let Some(&(_, c)) = rest.peek() {
        if !quoted && c.is_whitespace() {
            return Ok(value);
        }
        rest.next();
        match c {
            '\'' if quoted => return Ok(value),
            '\\' => value.extend(rest.next().map(|(_, escaped)| escaped)),
            c => value.push(c),
        }
    }
    if quoted {
        return Err("a value has an opening `'` without a closing one".to_owned());
    }
    Ok(value)
}

fn skip_space(rest: &mut Peekable<CharIndices<'_>>) {
    while rest.next_if(|&(_, c)| c.is_whitespace()).is_some() {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Parameters {
        let mut parameters = Parameters::default();
        parse(text, &mut parameters).unwrap();
        parameters
    }

    #[test]
    fn quotes_escapes_and_spaces_are_libpqs() {
        let read = read(r"host = h  user=a\ b");
        assert_eq!(read.get("host"), Some("h"));
        assert_eq!(read.get("user"), Some("a b"));
    }

    #[test]
    fn quoted_value_ends_at_its_quote_only() {
        let read = read(r"password='two \'words\' and \\' dbname=d application_name=");
        assert_eq!(read.get("password"), Some(r"two 'words' and \"));
        assert_eq!(read.get("dbname"), Some("d"));
        assert_eq!(read.get("application_name"), None);
    }

    #[test]
    fn broken_string_is_told_by_position() {
        let told = |text| parse(text, &mut Parameters::default()).unwrap_err();
        assert!(told("host=h pass hunter2").contains("character 8"));
        assert!(told("password='hunter2").contains("closing"));
        assert!(told("mysql://me:hunter2@h/d").contains("something else"));
    }
}
