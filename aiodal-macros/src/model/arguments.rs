//! What a test asks for, and the rules of asking.

use syn::{FnArg, Pat, PatType, Signature, Type};

use crate::attribute;
use crate::problems::Problems;

/// Where an argument of the test comes from.
pub(crate) enum Argument {
    /// `test-case` passes it.
    Case(Type),
    /// aiodal sets it up: the type without its reference.
    Fixture(Type, Passing),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passing {
    Owned,
    Shared,
    Exclusive,
}

impl Argument {
    /// Goes by the name, the only thing a macro has; a renamed one is found when the test runs.
    fn is_transaction(&self) -> bool {
        let Self::Fixture(ty, _) = self else {
            return false;
        };
        match bare(ty) {
            Type::Path(path) => path
                .path
                .segments
                .last()
                .is_some_and(|segment| segment.ident == "Transaction"),
            _ => false,
        }
    }
}

/// Says where each argument comes from; the first ones are the cases'.
pub(super) fn arguments(
    sig: &Signature,
    from_cases: usize,
    problems: &mut Problems,
) -> Vec<Argument> {
    if let Some(receiver) = sig.receiver() {
        problems.at(
            receiver,
            "a test cannot take `self`; move it out of the `impl` block and ask for what it needs by type",
        );
    }
    let mut arguments = Vec::new();
    for (position, argument) in typed(sig).enumerate() {
        for attr in &argument.attrs {
            problems.at(attr, attribute::refusal_on_argument(attr));
        }
        if is_impl_trait(&argument.ty) {
            problems.at(
                &argument.ty,
                "an argument is asked for by its type; write a concrete one, such as `&mut Transaction`",
            );
        }
        // What an argument with a wrong attribute was meant to be is not known; one error is enough.
        arguments.push(if position < from_cases || !argument.attrs.is_empty() {
            Argument::Case((*argument.ty).clone())
        } else {
            fixture(&argument.ty, problems)
        });
    }
    arguments
}

fn typed(sig: &Signature) -> impl Iterator<Item = &PatType> {
    sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(argument) => Some(argument),
        FnArg::Receiver(_) => None,
    })
}

fn fixture(ty: &Type, problems: &mut Problems) -> Argument {
    match bare(ty) {
        Type::Reference(reference) => {
            if let Some(lifetime) = &reference.lifetime
                && lifetime.ident == "static"
            {
                problems.at(
                    lifetime,
                    "what a test asks for lives no longer than the test; write the reference without `'static`",
                );
            }
            let passing = match reference.mutability {
                Some(_) => Passing::Exclusive,
                None => Passing::Shared,
            };
            if is_unsized(&reference.elem) {
                problems.at(
                    &reference.elem,
                    "a test cannot ask for a type without a size; write another, such as `&mut Transaction`",
                );
            }
            Argument::Fixture((*reference.elem).clone(), passing)
        }
        owned => Argument::Fixture(owned.clone(), Passing::Owned),
    }
}

/// The type without the invisible group a `macro_rules!` variable leaves, and without parentheses.
fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        Type::Paren(paren) => bare(&paren.elem),
        other => other,
    }
}

fn is_impl_trait(ty: &Type) -> bool {
    match bare(ty) {
        Type::Reference(reference) => is_impl_trait(&reference.elem),
        other => matches!(other, Type::ImplTrait(_)),
    }
}

/// Whether rustc would add to one error about an unknown fixture several about its size.
fn is_unsized(ty: &Type) -> bool {
    match bare(ty) {
        Type::Path(path) => path.path.is_ident("str"),
        other => matches!(other, Type::Slice(_) | Type::TraitObject(_)),
    }
}

pub(super) fn check_one_transaction(
    sig: &Signature,
    arguments: &[Argument],
    problems: &mut Problems,
) {
    let mut transactions = typed(sig)
        .zip(arguments)
        .filter(|(_, argument)| argument.is_transaction());
    let Some((first, _)) = transactions.next() else {
        return;
    };
    let instead = match &*first.pat {
        Pat::Ident(first) => format!("`{}`", first.ident),
        _ => "the first".to_owned(),
    };
    for (second, _) in transactions {
        problems.at(
            second,
            format!("a test has one transaction; remove this argument and use {instead}"),
        );
    }
}
