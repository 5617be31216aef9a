//! `#[aiodal::test]` from tokens to tokens.

use proc_macro2::TokenStream;
use syn::parse::{ParseStream, Parser};

use crate::args::TestArgs;
use crate::function::{Function, Kind};
use crate::model::TestFn;
use crate::problems::Problems;
use crate::{expand, fallback};

pub(crate) fn test(args: TokenStream, item: &TokenStream) -> TokenStream {
    let mut problems = Problems::default();
    let args = TestArgs::parse(args, &mut problems);
    let parse = |input: ParseStream<'_>| Function::parse(input, Kind::Test, &mut problems);
    let function = match parse.parse2(item.clone()) {
        Ok(function) => function,
        Err(problem) => {
            problems.add(problem);
            return fallback::item(&problems.into_error(), item);
        }
    };
    match TestFn::new(&function, args, problems) {
        Ok(test) => expand::test(&test),
        Err(problems) => fallback::function(&problems, function),
    }
}
