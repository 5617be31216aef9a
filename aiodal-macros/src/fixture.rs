//! `#[aiodal::fixture]` from tokens to tokens.

mod expand;
mod model;
mod options;
mod value;

use proc_macro2::{Delimiter, Group, TokenStream};
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::{ReturnType, Signature, Type};

use self::model::FixtureFn;
use self::options::FixtureArgs;
use crate::fallback;
use crate::function::{Function, Kind};
use crate::problems::Problems;

pub(crate) fn fixture(args: TokenStream, item: &TokenStream) -> TokenStream {
    let mut problems = Problems::default();
    let args = FixtureArgs::parse(args, &mut problems);
    let parse = |input: ParseStream<'_>| Function::parse(input, Kind::Fixture, &mut problems);
    let mut function = match parse.parse2(item.clone()) {
        Ok(function) => function,
        Err(problem) => {
            problems.add(problem);
            return fallback::item(&problems.into_error(), item);
        }
    };
    match FixtureFn::new(&function, args, problems) {
        Ok(fixture) => expand::fixture(&fixture),
        Err(problems) => {
            // A borrowed value is one of the problems, and rustc would add another.
            if returns_a_reference(&function.sig) {
                function.sig.output = ReturnType::Default;
                function.body = Group::new(Delimiter::Brace, quote!(::core::todo!()));
            }
            fallback::function(&problems, function)
        }
    }
}

fn returns_a_reference(sig: &Signature) -> bool {
    match &sig.output {
        ReturnType::Type(_, ty) => matches!(**ty, Type::Reference(_)),
        ReturnType::Default => false,
    }
}

#[cfg(test)]
mod tests;
