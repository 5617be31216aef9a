//! Splits an attribute's tokens into `key = value` settings, before anyone asks what the values mean.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::quote;

use crate::nearest::expected_one_of;
use crate::problems::Problems;

/// An option that an attribute knows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    pub(crate) name: &'static str,
    /// What a message shows as the right way to write it; of a flag, which has no value, its name. That of a list has
    /// parentheses behind the name, and that of a switch, whose value may be left out, brackets.
    pub(crate) example: &'static str,
}

impl Known {
    /// An option without a value.
    pub(crate) const fn flag(name: &'static str) -> Self {
        let example = name;
        Self { name, example }
    }

    fn is_flag(self) -> bool {
        self.name == self.example
    }

    fn is_switch(self) -> bool {
        self.example[self.name.len()..].starts_with('[')
    }

    fn is_list(self) -> bool {
        self.example[self.name.len()..].starts_with('(')
    }
}

/// One `key = value` or `key(value)`, with a known key that was not given before and a value that is not empty, or one
/// flag.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) key: Ident,
    pub(crate) value: TokenStream,
}

/// Reads all settings of an attribute; what cannot be read becomes a problem and is left out.
pub(crate) fn read(tokens: TokenStream, known: &[Known], problems: &mut Problems) -> Vec<Setting> {
    read_here(tokens, known, None, problems)
}

/// The same; an option that is known elsewhere only is told where.
pub(crate) fn read_here(
    tokens: TokenStream,
    known: &[Known],
    elsewhere: Option<(&[Known], &str)>,
    problems: &mut Problems,
) -> Vec<Setting> {
    let mut settings: Vec<Setting> = Vec::new();
    for tokens in split_at_commas(tokens) {
        let Some(setting) = read_one(tokens, known, elsewhere, problems) else {
            continue;
        };
        if settings.iter().any(|earlier| earlier.key == setting.key) {
            let key = &setting.key;
            problems.at(key, format!("`{key}` is set twice; remove one of the two"));
        } else {
            settings.push(setting);
        }
    }
    settings
}

fn read_one(
    tokens: TokenStream,
    known: &[Known],
    elsewhere: Option<(&[Known], &str)>,
    problems: &mut Problems,
) -> Option<Setting> {
    let mut rest = tokens.clone().into_iter();
    let Some(TokenTree::Ident(key)) = rest.next() else {
        let example = known[0].example;
        problems.at(tokens, format!("expected an option, such as `{example}`"));
        return None;
    };
    let Some(option) = known.iter().find(|known| key == known.name) else {
        if let Some((others, place)) = elsewhere
            && others.iter().any(|other| key == other.name)
        {
            problems.at(&key, format!("`{key}` {place}"));
            return None;
        }
        let names: Vec<&str> = known.iter().map(|known| known.name).collect();
        let expected = expected_one_of(&key.to_string(), &names);
        problems.at(&key, format!("unknown option `{key}`; {expected}"));
        return None;
    };
    if option.is_flag() {
        let value: TokenStream = rest.collect();
        if !value.is_empty() {
            problems.at(
                tokens,
                format!("`{key}` takes no value; write `{key}` alone"),
            );
            return None;
        }
        return Some(Setting { key, value });
    }
    if option.is_list() {
        return match (rest.next(), rest.next()) {
            (Some(TokenTree::Group(list)), None)
                if list.delimiter() == Delimiter::Parenthesis && !list.stream().is_empty() =>
            {
                let value = list.stream();
                Some(Setting { key, value })
            }
            _ => {
                let example = option.example;
                problems.at(tokens, format!("`{key}` takes a list: `{example}`"));
                None
            }
        };
    }
    let next = rest.next();
    if option.is_switch() && next.is_none() {
        let value = quote!(true);
        return Some(Setting { key, value });
    }
    let is_assigned = matches!(next, Some(TokenTree::Punct(p)) if p.as_char() == '=');
    let value: TokenStream = rest.collect();
    if !is_assigned || value.is_empty() {
        let example = option.example;
        problems.at(tokens, format!("`{key}` needs a value: `{example}`"));
        return None;
    }
    Some(Setting { key, value })
}

fn split_at_commas(tokens: TokenStream) -> Vec<TokenStream> {
    let mut parts = vec![TokenStream::new()];
    for token in tokens {
        match (&token, parts.last_mut()) {
            (TokenTree::Punct(punct), _) if punct.as_char() == ',' => {
                parts.push(TokenStream::new());
            }
            (_, Some(part)) => part.extend([token]),
            (_, None) => {}
        }
    }
    // The comma after the last option, and `#[aiodal::test()]`.
    parts.retain(|part| !part.is_empty());
    parts
}
