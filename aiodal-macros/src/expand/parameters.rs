//! Quotes the tests of a function with parameters: one function that runs any of them, and a module of its name.
//!
//! The module is all that its tests are; what they pass is evaluated beside the user's function, where it was written.

use proc_macro2::{Literal, Span, TokenStream};
use quote::quote;
use syn::{Attribute, Ident};

use super::{run, users_function};
use crate::attribute;
use crate::model::TestFn;
use crate::parameters::{Case, Parameters};

pub(super) fn tests(test: &TestFn<'_>, parameters: &Parameters<'_>) -> TokenStream {
    let cases = parameters.cases(&test.function.sig);
    let name = &test.function.sig.ident;
    let vis = &test.function.vis;
    let attrs = &parameters.of_function;
    let lints = attrs.iter().filter(|attr| !attr.path().is_ident("doc"));
    let function = function(test, &cases);
    let numbered: Vec<_> = cases.iter().enumerate().collect();
    let content = content(name, &numbered, 1);
    quote! {
        #[cfg(test)]
        #(#attrs)*
        #vis #function

        #[cfg(test)]
        #[allow(non_snake_case)]
        mod #name {
            #content
        }

        #[cfg(not(test))]
        #[allow(dead_code, clippy::all, clippy::nursery, clippy::pedantic, clippy::restriction)]
        const _: () = {
            #(#lints)*
            #function
        };
    }
}

/// The function that runs one of the cases, by its number.
fn function(test: &TestFn<'_>, cases: &[Case<'_>]) -> TokenStream {
    let krate = &test.args.krate;
    let name = &test.function.sig.ident;
    let users = users_function(test);
    let number = Ident::new("case", Span::mixed_site());
    let arms = cases.iter().enumerate().map(|(index, case)| {
        let pattern = if index + 1 == cases.len() {
            quote!(_)
        } else {
            let index = Literal::usize_suffixed(index);
            quote!(#index)
        };
        let run = run(test, Some(case));
        quote!(#pattern => #run)
    });
    quote! {
        fn #name(#number: usize) -> #krate::__private::Verdict {
            #users

            match #number {
                #(#arms,)*
            }
        }
    }
}

/// What is in a module that is `depth` below the function: tests, or modules of them.
fn content(function: &Ident, cases: &[(usize, &Case<'_>)], depth: usize) -> TokenStream {
    let part = |case: &Case<'_>| case.path[depth - 1].clone();
    let imports = cases
        .iter()
        .flat_map(|(_, case)| &case.attrs)
        .any(|attr| !attribute::is_for_the_harness(attr))
        // Attributes of other crates are named as they are where they were written.
        .then(|| {
            quote!(
                #[allow(unused_imports)]
                use super::*;
            )
        });
    let items = cases
        .chunk_by(|(_, one), (_, other)| part(one) == part(other))
        .map(|same| {
            let (index, case) = same[0];
            let name = Ident::new(&part(case), case.span);
            if case.path.len() > depth {
                let content = content(function, same, depth + 1);
                quote!(mod #name { #content })
            } else {
                leaf(function, &name, index, case, depth)
            }
        });
    quote!(#imports #(#items)*)
}

/// What the harness calls.
fn leaf(
    function: &Ident,
    name: &Ident,
    index: usize,
    case: &Case<'_>,
    depth: usize,
) -> TokenStream {
    let attrs: &[&Attribute] = &case.attrs;
    let index = Literal::usize_suffixed(index);
    let up = vec![quote!(super::); depth];
    let run = quote!(#(#up)* #function(#index));
    let (output, run) = if case.should_panic() {
        // As rustc wants it of such a test.
        (quote!(), quote!(#run.into_unit();))
    } else {
        (quote!(-> impl ::std::process::Termination), run)
    };
    quote! {
        #[::core::prelude::v1::test]
        #(#attrs)*
        fn #name() #output {
            #run
        }
    }
}
