//! Quotes the test: data about it, and one call.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, ReturnType, Type};

use crate::args::{Flavor, TestArgs};
use crate::attribute;
use crate::model::{Argument, Passing, TestFn};

pub(crate) fn test(test: &TestFn<'_>) -> TokenStream {
    let attrs = &test.function.attrs;
    let vis = &test.function.vis;
    let function = function(test);

    if test.has_cases {
        // `test-case` hands `allow` on, and emits the function outside of `cfg(test)` too.
        return quote! {
            #(#attrs)*
            #[allow(dead_code)]
            #vis #function
        };
    }
    let attrs_outside_of_tests = attrs
        .iter()
        .filter(|attr| !attribute::is_for_the_harness(attr) && !attr.path().is_ident("doc"));
    // Doctests and `cargo check` are not `cfg(test)`: without a second copy they would accept any body. Clippy has its
    // say about the first one, where it knows that it reads a test.
    quote! {
        #[cfg(test)]
        #[::core::prelude::v1::test]
        #(#attrs)*
        #vis #function

        #[cfg(not(test))]
        #[allow(dead_code, clippy::all, clippy::nursery, clippy::pedantic, clippy::restriction)]
        const _: () = {
            #(#attrs_outside_of_tests)*
            #function
        };
    }
}

/// The function that the harness calls, with the user's function inside.
fn function(test: &TestFn<'_>) -> TokenStream {
    let krate = &test.args.krate;
    let sig = &test.function.sig;
    let body = &test.function.body;
    let name = &sig.ident;
    let parameters = parameters(test);
    let case = case(test);
    let returned = returned(&sig.output);
    let context = Ident::new("context", Span::mixed_site());
    let set_up = set_up(test, &context);
    let passed = passed(test);
    let (output, report) = if test.returns_unit {
        (quote!(), quote!(.into_unit();))
    } else {
        (quote!(-> #krate::__private::Verdict), quote!())
    };
    quote! {
        fn #name(#parameters) #output {
            #[allow(clippy::needless_pass_by_ref_mut, clippy::unused_async)]
            #sig #body

            #krate::__private::run::<_, _, #returned>(#case, move |#context| async move {
                #set_up
                #context.body(#name(#passed)).await
            })
            #report
        }
    }
}

/// What `test-case` passes in, under names of our own: the user's may be any pattern.
fn parameters(test: &TestFn<'_>) -> TokenStream {
    let cases = test.arguments.iter().enumerate();
    let parameters = cases.filter_map(|(position, argument)| match argument {
        Argument::Case(ty) => {
            let name = argument_name(position);
            Some(quote!(#name: #ty))
        }
        Argument::Fixture(..) => None,
    });
    quote!(#(#parameters),*)
}

fn set_up(test: &TestFn<'_>, context: &Ident) -> TokenStream {
    let fixtures = test.arguments.iter().enumerate();
    fixtures
        .map(|(position, argument)| {
            let Argument::Fixture(ty, passing) = argument else {
                return TokenStream::new();
            };
            let name = argument_name(position);
            let mutable = (*passing == Passing::Exclusive).then(|| quote!(mut));
            // The call of the user's function says which type it is. Were it named here too, whatever is wrong with it
            // would be reported once more; as it would if not all of this had the same span.
            let here = place_of(ty);
            quote_spanned! {here=>
                let #mutable #name = {
                    let context = &#context;
                    context.fixture().await?
                };
            }
        })
        .collect()
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

fn passed(test: &TestFn<'_>) -> TokenStream {
    let passed = test
        .arguments
        .iter()
        .enumerate()
        .map(|(position, argument)| {
            let name = argument_name(position);
            match argument {
                Argument::Case(_) | Argument::Fixture(_, Passing::Owned) => quote!(#name),
                Argument::Fixture(_, Passing::Shared) => quote!(&#name),
                Argument::Fixture(_, Passing::Exclusive) => quote!(&mut #name),
            }
        });
    quote!(#(#passed),*)
}

fn argument_name(position: usize) -> Ident {
    format_ident!("argument{position}", span = Span::mixed_site())
}

/// The type that `run` is told the test returns, so that an error about it points at it.
fn returned(output: &ReturnType) -> TokenStream {
    match output {
        ReturnType::Default => quote!(()),
        // Neither can be written where an expression's type goes.
        ReturnType::Type(_, ty) if contains_impl(ty) || matches!(**ty, Type::Never(_)) => quote!(_),
        ReturnType::Type(_, ty) => ty.to_token_stream(),
    }
}

fn contains_impl(ty: &Type) -> bool {
    fn any_impl(tokens: TokenStream) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(ident) => ident == "impl",
            TokenTree::Group(group) => any_impl(group.stream()),
            _ => false,
        })
    }
    any_impl(ty.to_token_stream())
}

fn case(test: &TestFn<'_>) -> TokenStream {
    let TestArgs {
        flavor,
        worker_threads,
        start_paused,
        timeout,
        krate,
    } = &test.args;
    let should_panic = test.should_panic;
    let name = &test.function.sig.ident;
    let path = format!("::{name}");
    // The user's line, not the attribute's: `line!` goes by the span of the whole call.
    let line = quote_spanned!(name.span()=> line!());
    let flavor = match flavor {
        Flavor::CurrentThread => quote!(CurrentThread),
        Flavor::MultiThread => quote!(MultiThread),
    };
    let worker_threads = option(worker_threads.map(|threads| quote!(#threads)));
    let timeout = option(timeout.map(|timeout| {
        let (secs, nanos) = (timeout.as_secs(), timeout.subsec_nanos());
        quote!(::core::time::Duration::new(#secs, #nanos))
    }));
    quote! {
        #krate::__private::TestCase {
            name: ::core::concat!(::core::module_path!(), #path),
            file: ::core::file!(),
            line: #line,
            manifest_dir: ::core::env!("CARGO_MANIFEST_DIR"),
            flavor: #krate::__private::Flavor::#flavor,
            worker_threads: #worker_threads,
            start_paused: #start_paused,
            timeout: #timeout,
            should_panic: #should_panic,
        }
    }
}

fn option(value: Option<TokenStream>) -> TokenStream {
    value.map_or_else(
        || quote!(::core::option::Option::None),
        |value| quote!(::core::option::Option::Some(#value)),
    )
}

#[cfg(test)]
mod tests;
