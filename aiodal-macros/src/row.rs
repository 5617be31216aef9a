//! What `FromRow` and `ToRow` have in common: their options, and how a field becomes a column.

pub(crate) mod options;
pub(crate) mod rename;

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{GenericArgument, GenericParam, Generics, Ident, Member, Path, PathArguments, Type};

use self::rename::Case;

/// What a conversion makes.
#[derive(Clone, Copy)]
pub(crate) enum Target<'a> {
    Field,
    InOption(&'a Type),
}

pub(crate) fn column_name(
    field: &Ident,
    rename: Option<&(Ident, String)>,
    rename_all: Option<Case>,
) -> String {
    let field = field.unraw().to_string();
    match (rename, rename_all) {
        (Some((_, name)), _) => name.clone(),
        (None, Some(case)) => case.apply(&field),
        (None, None) => field,
    }
}

/// `Option<Id>` from an `i64` is an `Id` from an `i64`, unless null. Nobody else may implement that conversion.
pub(crate) fn target<'a>(field: &'a Type, from: &Type) -> Target<'a> {
    match in_option(field) {
        Some(inner) if in_option(from).is_none() => Target::InOption(inner),
        _ => Target::Field,
    }
}

pub(crate) fn in_option(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else {
        return None;
    };
    let last = path.path.segments.last()?;
    match &last.arguments {
        PathArguments::AngleBracketed(arguments) if last.ident == "Option" => {
            match arguments.args.first() {
                Some(GenericArgument::Type(inner)) => Some(inner),
                _ => None,
            }
        }
        _ => None,
    }
}

pub(crate) fn made<'a>(field: &'a Type, target: Target<'a>) -> &'a Type {
    match target {
        Target::Field => field,
        Target::InOption(inner) => inner,
    }
}

pub(crate) fn local(name: &str, place: Span) -> Ident {
    Ident::new(name, Span::mixed_site().located_at(place))
}

pub(crate) fn mentions_any(ty: &Type, generics: &Generics) -> bool {
    fn mentions(tokens: TokenStream, names: &[&Ident]) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(ident) => names.contains(&&ident),
            TokenTree::Group(group) => mentions(group.stream(), names),
            _ => false,
        })
    }
    let names = generics.params.iter().filter_map(|param| match param {
        GenericParam::Type(param) => Some(&param.ident),
        GenericParam::Const(param) => Some(&param.ident),
        GenericParam::Lifetime(_) => None,
    });
    mentions(ty.to_token_stream(), &names.collect::<Vec<_>>())
}

/// The field's name in errors.
pub(crate) fn label(member: &Member) -> String {
    match member {
        Member::Named(name) => name.unraw().to_string(),
        Member::Unnamed(index) => index.index.to_string(),
    }
}

/// The path, to be underlined at another place than where it was written.
pub(crate) fn at(place: Span, path: &Path) -> TokenStream {
    let tokens = path.to_token_stream().into_iter();
    tokens
        .map(|mut token| {
            token.set_span(place.resolved_at(token.span()));
            token
        })
        .collect()
}
