//! The options in `#[aiodal(..)]`, of a struct and of a field: those of `FromRow` and of `ToRow`, which may be derived for
//! the same struct, and each know what is said to the other.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::spanned::Spanned;
use syn::{Attribute, LitStr, Meta, Path, Type};

use super::rename::Case;
use crate::krate;
use crate::problems::Problems;
use crate::settings::{self, Known, Setting};

const RENAME_ALL: Known = Known {
    name: "rename_all",
    example: "rename_all = \"camelCase\"",
};
const RENAME: Known = Known {
    name: "rename",
    example: "rename = \"column\"",
};
const DEFAULT: Known = Known::flag("default");
const FLATTEN: Known = Known::flag("flatten");
const PREFIX: Known = Known {
    name: "prefix",
    example: "prefix = \"author_\"",
};
const JSON: Known = Known::flag("json");
const SKIP: Known = Known::flag("skip");
const FROM: Known = Known {
    name: "from",
    example: "from = \"i64\"",
};
const TRY_FROM: Known = Known {
    name: "try_from",
    example: "try_from = \"i64\"",
};

const INTO: Known = Known {
    name: "into",
    example: "into = \"i64\"",
};
const TRY_INTO: Known = Known {
    name: "try_into",
    example: "try_into = \"i64\"",
};

const OF_STRUCTS: [Known; 2] = [RENAME_ALL, krate::OPTION];
const OF_FIELDS: [Known; 10] = [
    RENAME, DEFAULT, FLATTEN, PREFIX, JSON, SKIP, FROM, TRY_FROM, INTO, TRY_INTO,
];

/// The options of a struct.
pub(crate) struct StructOptions {
    pub(crate) rename_all: Option<Case>,
    pub(crate) krate: Path,
}

/// The options of a field, each with the place where a problem with it is shown.
#[derive(Default)]
pub(crate) struct FieldOptions {
    pub(crate) rename: Option<(Ident, String)>,
    pub(crate) default: Option<Ident>,
    pub(crate) flatten: Option<Ident>,
    pub(crate) prefix: Option<(Ident, String)>,
    pub(crate) json: Option<Ident>,
    pub(crate) skip: Option<Ident>,
    pub(crate) from: Option<(Ident, Type)>,
    pub(crate) try_from: Option<(Ident, Type)>,
    pub(crate) into: Option<(Ident, Type)>,
    pub(crate) try_into: Option<(Ident, Type)>,
}

/// Returns the path of the aiodal crate, whatever else is wrong with the options.
pub(crate) fn krate(attrs: &[Attribute]) -> Path {
    StructOptions::parse(attrs, &mut Problems::default()).krate
}

impl StructOptions {
    pub(crate) fn parse(attrs: &[Attribute], problems: &mut Problems) -> Self {
        let mut options = Self {
            rename_all: None,
            krate: krate::default_path(),
        };
        let elsewhere = (&OF_FIELDS[..], "belongs to a field");
        for Setting { key, value } in read(attrs, &OF_STRUCTS, elsewhere, problems) {
            if key == RENAME_ALL.name {
                options.rename_all = string(&key, value, RENAME_ALL, problems)
                    .and_then(|name| reported(Case::parse(&name.value()), name.span(), problems));
            } else {
                let span = value.span();
                if let Some(path) = reported(krate::parse_path(value), span, problems) {
                    options.krate = path;
                }
            }
        }
        options
    }
}

impl FieldOptions {
    pub(crate) fn parse(attrs: &[Attribute], problems: &mut Problems) -> Self {
        let mut options = Self::default();
        let elsewhere = (&OF_STRUCTS[..], "belongs to the struct, above `struct`");
        for Setting { key, value } in read(attrs, &OF_FIELDS, elsewhere, problems) {
            match key.to_string().as_str() {
                "rename" => {
                    let name = string(&key, value, RENAME, problems);
                    options.rename = name.map(|name| (key, name.value()));
                }
                "prefix" => {
                    let prefix = string(&key, value, PREFIX, problems);
                    options.prefix = prefix.map(|prefix| (key, prefix.value()));
                }
                "from" => options.from = ty(&key, value, FROM, problems).map(|ty| (key, ty)),
                "try_from" => {
                    options.try_from = ty(&key, value, TRY_FROM, problems).map(|ty| (key, ty));
                }
                "into" => options.into = ty(&key, value, INTO, problems).map(|ty| (key, ty)),
                "try_into" => {
                    options.try_into = ty(&key, value, TRY_INTO, problems).map(|ty| (key, ty));
                }
                "default" => options.default = Some(key),
                "flatten" => options.flatten = Some(key),
                "json" => options.json = Some(key),
                _ => options.skip = Some(key),
            }
        }
        options
    }
}

/// Reads all `#[aiodal(..)]` of an item as one; options that would be right elsewhere are told where.
fn read(
    attrs: &[Attribute],
    known: &[Known],
    elsewhere: (&[Known], &str),
    problems: &mut Problems,
) -> Vec<Setting> {
    let mut all = TokenStream::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("aiodal")) {
        match &attr.meta {
            Meta::List(list) => {
                let tokens = &list.tokens;
                all.extend(quote!(#tokens,));
            }
            Meta::Path(_) | Meta::NameValue(_) => {
                let example = known[0].example;
                problems.at(
                    attr,
                    format!("options go in parentheses: `#[aiodal({example})]`"),
                );
            }
        }
    }
    settings::read_here(all, known, Some(elsewhere), problems)
}

fn string(
    key: &Ident,
    value: TokenStream,
    option: Known,
    problems: &mut Problems,
) -> Option<LitStr> {
    let span = value.span();
    let Ok(literal) = syn::parse2::<LitStr>(value) else {
        let example = option.example;
        let message = format!("`{key}` takes a string: `{example}`");
        problems.add(syn::Error::new(span, message));
        return None;
    };
    Some(literal)
}

/// A type, bare or in a string as serde has it.
fn ty(key: &Ident, value: TokenStream, option: Known, problems: &mut Problems) -> Option<Type> {
    let span = value.span();
    let parsed = match syn::parse2::<LitStr>(value.clone()) {
        Ok(literal) => literal.parse(),
        Err(_) => syn::parse2(value),
    };
    let parsed = parsed.map_err(|_| {
        let example = option.example;
        format!("`{key}` takes a type: `{example}`")
    });
    reported(parsed, span, problems)
}

fn reported<T>(result: Result<T, String>, span: Span, problems: &mut Problems) -> Option<T> {
    result
        .map_err(|message| problems.add(syn::Error::new(span, message)))
        .ok()
}
