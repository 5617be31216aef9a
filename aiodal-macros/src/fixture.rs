//! `#[aiodal::fixture]` from tokens to tokens.

mod expand;
mod model;
mod options;
mod value;

use proc_macro2::TokenStream;
use syn::parse::{ParseStream, Parser};

use self::model::FixtureFn;
use self::options::FixtureArgs;
use crate::fallback;
use crate::function::{Function, Kind};
use crate::problems::Problems;

pub(crate) fn fixture(args: TokenStream, item: &TokenStream) -> TokenStream {
    let mut problems = Problems::default();
    let args = FixtureArgs::parse(args, &mut problems);
    let parse = |input: ParseStream<'_>| Function::parse(input, Kind::Fixture, &mut problems);
    let function = match parse.parse2(item.clone()) {
        Ok(function) => function,
        Err(problem) => {
            problems.add(problem);
            return fallback::item(&problems.into_error(), item);
        }
    };
    match FixtureFn::new(&function, args, problems) {
        Ok(fixture) => expand::fixture(&fixture),
        Err(problems) => fallback::function(&problems, function),
    }
}

#[cfg(test)]
mod tests;
