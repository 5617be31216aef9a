//! `#[case(..)]` above a function, and the `#[case]` on an argument that takes a value of it.

use proc_macro2::Span;
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, Expr, Ident, Meta, Token, ext::IdentExt};

use super::names::numbered;

/// A case: `#[case::name(..)]`.
pub(super) struct Row<'a> {
    pub(super) attr: &'a Attribute,
    /// The attributes that belong to its tests alone.
    pub(super) attrs: Vec<&'a Attribute>,
    pub(super) values: Vec<Expr>,
    name: Option<&'a Ident>,
}

impl<'a> Row<'a> {
    pub(super) fn read(attr: &'a Attribute, attrs: Vec<&'a Attribute>) -> syn::Result<Self> {
        let Meta::List(_) = attr.meta else {
            return Err(Error::new_spanned(
                attr,
                "a case needs values in parentheses, such as `#[case(1, \"one\")]`",
            ));
        };
        let segments = &attr.path().segments;
        if segments.len() > 2 {
            return Err(Error::new_spanned(
                attr.path(),
                "a case has one name, such as `#[case::name(..)]`",
            ));
        }
        let values = attr.parse_args_with(Punctuated::<Expr, Token![,]>::parse_terminated)?;
        Ok(Self {
            attr,
            attrs,
            values: values.into_iter().collect(),
            name: segments.get(1).map(|segment| &segment.ident),
        })
    }

    pub(super) fn test_name(&self, index: usize, width: usize) -> String {
        let number = numbered("case", index, width);
        match self.name {
            Some(name) => format!("{number}_{}", name.unraw()),
            None => number,
        }
    }

    pub(super) fn span(&self) -> Span {
        self.attr.pound_token.span
    }
}

/// Checks the `#[case]` on an argument.
pub(super) fn check_mark(attr: &Attribute) -> syn::Result<()> {
    match &attr.meta {
        Meta::Path(path) if path.is_ident("case") => Ok(()),
        _ => Err(Error::new_spanned(
            attr,
            "write `#[case]` alone on an argument; its values are those of the cases above the function",
        )),
    }
}
