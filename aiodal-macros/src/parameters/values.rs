//! `#[values(..)]` on an argument.

use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, Expr, ExprLit, Lit, Meta, Pat, Token, ext::IdentExt};

use super::names::label;

/// The values of an argument, each of which makes a test.
pub(super) struct Values {
    /// The name of the argument, which is in the names of the tests.
    pub(super) argument: String,
    pub(super) values: Vec<Value>,
}

/// One of the values.
pub(super) struct Value {
    pub(super) expr: Expr,
    pub(super) label: String,
}

impl Values {
    pub(super) fn read(attr: &Attribute, pattern: &Pat) -> syn::Result<Self> {
        let empty = || {
            Error::new_spanned(
                attr,
                "`#[values]` needs values in parentheses, such as `#[values(1, 500)]`",
            )
        };
        let Meta::List(_) = attr.meta else {
            return Err(empty());
        };
        let Pat::Ident(argument) = pattern else {
            return Err(Error::new_spanned(
                pattern,
                "the names of tests are made of this argument's; write a name in place of the pattern",
            ));
        };
        let values = attr.parse_args_with(Punctuated::<Value, Token![,]>::parse_terminated)?;
        if values.is_empty() {
            return Err(empty());
        }
        Ok(Self {
            argument: argument.ident.unraw().to_string(),
            values: values.into_iter().collect(),
        })
    }
}

impl Parse for Value {
    /// A comment of documentation before a value names it.
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let expr: Expr = input.parse()?;
        let mut words = Vec::new();
        for attr in &attrs {
            let Some(text) = documentation(attr) else {
                return Err(Error::new_spanned(
                    attr,
                    "a value takes no attributes; only a comment `/// name` before it, which names it",
                ));
            };
            words.extend(text.split_whitespace().map(str::to_owned));
        }
        let label = if words.is_empty() {
            label(&expr.to_token_stream().to_string())
        } else {
            label(&words.join("_"))
        };
        Ok(Self { expr, label })
    }
}

fn documentation(attr: &Attribute) -> Option<String> {
    match &attr.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}
