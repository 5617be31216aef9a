//! An argument that is asked for: how it is written, planned, set up and passed.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, Ident, Meta, PatType, Path, Token, Type};

use crate::attribute;
use crate::function::Kind;
use crate::problems::Problems;

/// Something that a test or a fixture asks for.
pub(crate) struct Request {
    /// The type without its reference.
    pub(crate) ty: Type,
    pub(crate) passing: Passing,
    /// The fixture, where it isn't known by the type.
    pub(crate) from: Option<Path>,
    pub(crate) with: Option<With>,
}

/// Values for the parameters of a fixture.
pub(crate) struct With {
    pub(crate) span: Span,
    pub(crate) values: Vec<Expr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passing {
    Owned,
    Shared,
    Exclusive,
}

/// Whether an attribute says something about a request.
pub(crate) fn is_about_a_request(attr: &Attribute) -> bool {
    attr.path().is_ident("from") || attr.path().is_ident("with")
}

impl Request {
    /// Reads an argument whose other attributes have been looked at.
    pub(crate) fn read(argument: &PatType, kind: Kind, problems: &mut Problems) -> Self {
        let mut request = Self {
            ty: bare(&argument.ty).clone(),
            passing: Passing::Owned,
            from: None,
            with: None,
        };
        for attr in &argument.attrs {
            if attr.path().is_ident("from") {
                let path = attr.parse_args_with(Path::parse_mod_style);
                let path = path.map_err(
                    |_| "`#[from(..)]` takes the path of a fixture, such as `#[from(alice)]`",
                );
                once(&mut request.from, path, attr, problems);
            } else if attr.path().is_ident("with") {
                let values = values(attr).map(|values| With {
                    span: attr.path().span(),
                    values,
                });
                once(&mut request.with, values, attr, problems);
            }
        }
        // What a fixture by name returns may be a `&'static str`.
        if request.from.is_none() || !is_static(&request.ty) {
            (request.ty, request.passing) = passing(&argument.ty, kind, problems);
        }
        request
    }

    /// Goes by the name, the only thing a macro has; a renamed one is found when the test runs.
    pub(crate) fn is(&self, name: &str) -> bool {
        let path = match bare(&self.ty) {
            Type::Path(path) if self.from.is_none() => &path.path,
            _ => return false,
        };
        path.segments
            .last()
            .is_some_and(|segment| segment.ident == name)
    }

    /// Plans it, under its name.
    pub(crate) fn plan(&self, name: &Ident, plan: &Ident) -> TokenStream {
        let kind = match self.passing {
            Passing::Shared => "share",
            Passing::Owned | Passing::Exclusive => "own",
        };
        let here = place_of(&self.ty);
        let values = Ident::new("values", Span::mixed_site());
        let (given, with) = match &self.with {
            Some(With { values: given, .. }) => {
                (quote!(let #values = (#(#given,)*);), quote!(#values))
            }
            None => (quote!(), quote!()),
        };
        let method = match (&self.from, &self.with) {
            (None, None) => format_ident!("{kind}", span = here),
            (Some(from), None) => format_ident!("{kind}_from", span = from.span()),
            (None, Some(with)) => format_ident!("{kind}_with", span = with.span),
            (Some(_), Some(with)) => format_ident!("{kind}_from_with", span = with.span),
        };
        let turbofish = match (&self.from, &self.with) {
            (None, _) => quote!(),
            (Some(from), None) => quote!(::<#from>),
            (Some(from), Some(_)) => quote!(::<#from, _>),
        };
        // The call of the user's function says which type it is. Were it named here too, whatever is wrong with it
        // would be reported once more; as it would if not all of this had the same span.
        let planned = quote_spanned! {here=>
            let #name = #plan.#method #turbofish(#with);
        };
        quote!(#given #planned)
    }

    /// Plans it for a session fixture, under its name.
    pub(crate) fn plan_in_session(&self, name: &Ident, plan: &Ident) -> TokenStream {
        let here = place_of(&self.ty);
        let (method, turbofish) = match &self.from {
            None => (format_ident!("share_in_session", span = here), quote!()),
            Some(from) => (
                format_ident!("share_in_session_from", span = from.span()),
                quote!(::<#from>),
            ),
        };
        quote_spanned! {here=>
            let #name = #plan.#method #turbofish();
        }
    }

    /// Sets it up, under its name.
    pub(crate) fn set_up(&self, name: &Ident, context: &Ident) -> TokenStream {
        let mutable = (self.passing == Passing::Exclusive).then(|| quote!(mut));
        let here = place_of(&self.ty);
        quote_spanned! {here=>
            let #mutable #name = #name.set_up(&#context).await?;
        }
    }

    /// Passes it.
    pub(crate) fn pass(&self, name: &Ident) -> TokenStream {
        let here = place_of(&self.ty);
        // Where the type is, if it is not the one that was asked for.
        let name = Ident::new(&name.to_string(), name.span().located_at(here));
        match self.passing {
            Passing::Owned => quote!(#name),
            Passing::Shared => quote_spanned!(here=> #name.get()),
            Passing::Exclusive => quote!(&mut #name),
        }
    }
}

/// Names an argument: the user's name may be any pattern.
pub(crate) fn argument_name(position: usize) -> Ident {
    format_ident!("argument{position}", span = Span::mixed_site())
}

/// Where an error about a type points: spans cannot be joined, and of a path the last name says most.
pub(crate) fn place_of(ty: &Type) -> Span {
    match ty {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .map_or(ty.span(), |last| last.ident.span()),
        _ => ty.span(),
    }
}

/// The type without the invisible group a `macro_rules!` variable leaves, and without parentheses.
pub(crate) fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        Type::Paren(paren) => bare(&paren.elem),
        other => other,
    }
}

pub(crate) fn is_impl_trait(ty: &Type) -> bool {
    match bare(ty) {
        Type::Reference(reference) => is_impl_trait(&reference.elem),
        other => matches!(other, Type::ImplTrait(_)),
    }
}

/// Refuses what an argument of whatever origin cannot be.
pub(crate) fn check_type(ty: &Type, problems: &mut Problems) {
    if is_impl_trait(ty) {
        problems.at(
            ty,
            "an argument is asked for by its type; write a concrete one, such as `&mut Transaction`",
        );
    }
}

fn is_static(ty: &Type) -> bool {
    match ty {
        Type::Reference(reference) => {
            let lifetime = reference.lifetime.as_ref();
            lifetime.is_some_and(|lifetime| lifetime.ident == "static")
        }
        _ => false,
    }
}

fn passing(ty: &Type, kind: Kind, problems: &mut Problems) -> (Type, Passing) {
    let Type::Reference(reference) = bare(ty) else {
        return (bare(ty).clone(), Passing::Owned);
    };
    let noun = kind.noun();
    if let Some(lifetime) = &reference.lifetime
        && lifetime.ident == "static"
    {
        problems.at(
            lifetime,
            format!(
                "what {noun} asks for lives no longer than the test; write the reference without `'static`"
            ),
        );
    }
    if is_unsized(&reference.elem) {
        problems.at(
            &reference.elem,
            format!("{noun} cannot ask for a type without a size; write another, such as `&mut Transaction`"),
        );
    }
    let passing = match reference.mutability {
        Some(_) => Passing::Exclusive,
        None => Passing::Shared,
    };
    ((*reference.elem).clone(), passing)
}

/// Whether rustc would add to one error about an unknown fixture several about its size.
fn is_unsized(ty: &Type) -> bool {
    match bare(ty) {
        Type::Path(path) => path.path.is_ident("str"),
        other => matches!(other, Type::Slice(_) | Type::TraitObject(_)),
    }
}

fn values(attr: &Attribute) -> Result<Vec<Expr>, &'static str> {
    const USAGE: &str = "`#[with(..)]` takes values for the first parameters of a fixture, such as `#[with(\"Hep\", 3)]`";
    if !matches!(attr.meta, Meta::List(_)) {
        return Err(USAGE);
    }
    let values = attr.parse_args_with(Punctuated::<Expr, Token![,]>::parse_terminated);
    values
        .map(|values| values.into_iter().collect())
        .map_err(|_| USAGE)
}

fn once<T>(
    place: &mut Option<T>,
    value: Result<T, &'static str>,
    attr: &Attribute,
    problems: &mut Problems,
) {
    match value {
        Ok(_) if place.is_some() => {
            let name = attribute::name(attr);
            problems.at(
                attr,
                format!("`#[{name}]` is there twice; remove one of the two"),
            );
        }
        Ok(value) => *place = Some(value),
        Err(message) => problems.at(attr, message),
    }
}
