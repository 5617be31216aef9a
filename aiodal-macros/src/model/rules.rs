//! The rules that a function has to keep to be a test, each told where it is broken.

use quote::ToTokens;
use syn::{Attribute, ReturnType, Safety, Signature, Type};

use super::Argument;
use crate::args::TestArgs;
use crate::attribute;
use crate::function::{Function, Kind};
use crate::problems::Problems;

pub(super) fn check_attributes(attrs: &[Attribute], problems: &mut Problems) {
    for attr in attrs {
        let name = attribute::name(attr);
        if attribute::is_left_by_a_test_macro(attr) {
            problems.at(
                attr,
                "another test attribute has made a test of this function; remove it",
            );
        } else if attribute::is_test(attr) {
            problems.at(
                attr,
                format!("`#[{name}]` would make a second test of this function; remove it"),
            );
        } else if attribute::is_rstest(attr) {
            problems.at(
                attr,
                format!(
                    "`#[{name}]` must stand above `#[aiodal::test]`, which runs the cases it makes"
                ),
            );
        }
    }
}

/// Without an argument there is no database for the rows to be in, unless code that is passed nothing finds it.
pub(super) fn check_somebody_sees(
    args: &TestArgs,
    arguments: &[Argument],
    problems: &mut Problems,
) {
    let asks = |argument: &Argument| matches!(argument, Argument::Fixture(_));
    if let Some(first) = args.sql_fixtures.first()
        && args.ambient != Some(true)
        && !arguments.iter().any(asks)
    {
        problems.at(
            &first.name,
            "no argument of this test sees what the file writes; ask for one that does, such as `tx: &mut Transaction`",
        );
    }
}

pub(crate) fn check_qualifiers(function: &Function, kind: Kind, problems: &mut Problems) {
    let sig = &function.sig;
    let name = &sig.ident;
    let noun = kind.noun();
    // Another test attribute may have taken the `async` away; it is to blame, and already named.
    let is_taken_away = function.attrs.iter().any(attribute::is_test);
    if let Some(token) = &sig.constness {
        problems.at(
            token,
            format!("{noun} cannot be `const`; write `async fn {name}`"),
        );
    } else if sig.asyncness.is_none() && !is_taken_away {
        problems.at(
            sig.fn_token,
            format!("{noun} runs on a Tokio runtime; write `async fn {name}`"),
        );
    }
    if let Safety::Unsafe(token) = &sig.safety {
        problems.at(
            token,
            format!("{noun} cannot be `unsafe`; write an `unsafe` block in its body"),
        );
    }
    if let Some(abi) = &sig.abi {
        let written = abi.to_token_stream();
        problems.at(abi, format!("{noun} cannot be `{written}`; remove it"));
    }
    if !sig.generics.params.is_empty() {
        problems.at(
            &sig.generics,
            format!(
                "{noun} cannot be generic; write concrete types, and references without a lifetime"
            ),
        );
    }
    if let Some(clause) = &sig.generics.where_clause {
        problems.at(
            clause,
            format!("{noun} cannot have a `where` clause; remove it"),
        );
    }
    if let Some(variadic) = &sig.variadic {
        problems.at(variadic, format!("{noun} cannot be variadic; remove `...`"));
    }
}

pub(super) fn check_returns_nothing(sig: &Signature, problems: &mut Problems) {
    if let ReturnType::Type(_, ty) = &sig.output
        && !matches!(&**ty, Type::Tuple(tuple) if tuple.elems.is_empty())
    {
        problems.at(
            ty,
            "a `#[should_panic]` test returns `()`; remove this return type, or `#[should_panic]`",
        );
    }
}
