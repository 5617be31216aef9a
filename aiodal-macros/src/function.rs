//! The item below `#[aiodal::test]`, taken apart as far as the macro needs to know it.

use proc_macro2::{Delimiter, Group, TokenTree};
use quote::quote;
use syn::parse::ParseStream;
use syn::{Attribute, Error, FnArg, Ident, PatType, Signature, Token, Visibility, ext::IdentExt};

use crate::problems::Problems;

/// A function whose body is opaque: it is handed on, never read.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) body: Group,
}

/// What an attribute of ours makes of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Test,
    Fixture,
}

impl Kind {
    pub(crate) fn attribute(self) -> &'static str {
        match self {
            Self::Test => "#[aiodal::test]",
            Self::Fixture => "#[aiodal::fixture]",
        }
    }

    /// The word for it, with "a" before it.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Test => "a test",
            Self::Fixture => "a fixture",
        }
    }
}

impl Function {
    /// Its arguments but `self`.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = &PatType> {
        typed(&self.sig)
    }

    /// Parses a function, or what differs from one so little that the rest is worth checking too.
    ///
    /// # Errors
    ///
    /// The item is none.
    pub(crate) fn parse(
        input: ParseStream<'_>,
        kind: Kind,
        problems: &mut Problems,
    ) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        refuse_other_items(input, kind)?;
        let sig = input.parse()?;
        let body = if input.peek(Token![;]) {
            let semicolon: Token![;] = input.parse()?;
            let noun = kind.noun();
            problems.at(
                semicolon,
                format!("{noun} needs a body; write it in place of `;`"),
            );
            Group::new(Delimiter::Brace, quote!(::core::todo!()))
        } else {
            parse_body(input)?
        };
        Ok(Self {
            attrs,
            vis,
            sig,
            body,
        })
    }
}

/// The arguments but `self`.
pub(crate) fn typed(sig: &Signature) -> impl Iterator<Item = &PatType> {
    sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(argument) => Some(argument),
        FnArg::Receiver(_) => None,
    })
}

fn parse_body(input: ParseStream<'_>) -> syn::Result<Group> {
    match input.parse()? {
        TokenTree::Group(body) => Ok(body),
        other => Err(Error::new(other.span(), "expected the body of a function")),
    }
}

fn refuse_other_items(input: ParseStream<'_>, kind: Kind) -> syn::Result<()> {
    const ITEMS: [&str; 9] = [
        "enum", "impl", "mod", "static", "struct", "trait", "type", "union", "use",
    ];
    let keyword = input.fork().call(Ident::parse_any)?;
    if ITEMS.iter().any(|item| keyword == item) {
        let attribute = kind.attribute();
        let message = format!("`{attribute}` goes on an `async fn`, not on `{keyword}`");
        return Err(Error::new(keyword.span(), message));
    }
    Ok(())
}
