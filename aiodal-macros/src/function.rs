//! The item below `#[aiodal::test]`, taken apart as far as the macro needs to know it.

use proc_macro2::{Delimiter, Group, TokenTree};
use quote::quote;
use syn::parse::ParseStream;
use syn::{Attribute, Error, Ident, Signature, Token, Visibility, ext::IdentExt};

use crate::problems::Problems;

/// A function whose body is opaque: it is handed on, never read.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) body: Group,
}

impl Function {
    /// Parses a function, or what differs from one so little that the rest is worth checking too.
    ///
    /// # Errors
    ///
    /// The item is none.
    pub(crate) fn parse(input: ParseStream<'_>, problems: &mut Problems) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        refuse_other_items(input)?;
        let sig = input.parse()?;
        let body = if input.peek(Token![;]) {
            let semicolon: Token![;] = input.parse()?;
            problems.at(semicolon, "a test needs a body; write it in place of `;`");
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

fn parse_body(input: ParseStream<'_>) -> syn::Result<Group> {
    match input.parse()? {
        TokenTree::Group(body) => Ok(body),
        other => Err(Error::new(other.span(), "expected the body of a function")),
    }
}

fn refuse_other_items(input: ParseStream<'_>) -> syn::Result<()> {
    const ITEMS: [&str; 9] = [
        "enum", "impl", "mod", "static", "struct", "trait", "type", "union", "use",
    ];
    let keyword = input.fork().call(Ident::parse_any)?;
    if ITEMS.iter().any(|item| keyword == item) {
        let message = format!("`#[aiodal::test]` goes on an `async fn`, not on `{keyword}`");
        return Err(Error::new(keyword.span(), message));
    }
    Ok(())
}
