//! Quotes the test: data about it, and one call.

mod parameters;

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{FnArg, Ident, LitStr, ReturnType, Signature, Type};

use crate::args::{Flavor, TestArgs};
use crate::attribute;
use crate::model::{Argument, TestFn};
use crate::parameters::Case;
use crate::request::{Request, argument_name};

pub(crate) fn test(test: &TestFn<'_>) -> TokenStream {
    if let Some(several) = &test.parameters {
        return parameters::tests(test, several);
    }
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
    let name = &test.function.sig.ident;
    let parameters = handed_on(test);
    let users = users_function(test);
    let run = run(test, None);
    let (output, report) = if test.returns_unit {
        (quote!(), quote!(.into_unit();))
    } else {
        (quote!(-> #krate::__private::Verdict), quote!())
    };
    quote! {
        fn #name(#parameters) #output {
            #users

            #run
            #report
        }
    }
}

fn users_function(test: &TestFn<'_>) -> TokenStream {
    let sig = without_attributes(&test.function.sig);
    let body = &test.function.body;
    quote! {
        #[allow(clippy::needless_pass_by_ref_mut, clippy::unused_async)]
        #sig #body
    }
}

/// The call that runs the test, or one of its cases.
fn run(test: &TestFn<'_>, of: Option<&Case<'_>>) -> TokenStream {
    let krate = &test.args.krate;
    let name = &test.function.sig.ident;
    let case = case(test, of);
    let returned = returned(&test.function.sig.output);
    let context = Ident::new("context", Span::mixed_site());
    let set_up = set_up(test, &context);
    let passed = passed(test, of);
    let mut body = quote!(#name(#passed));
    if of.is_some() {
        // What a case passes is an expression, which may panic: it is evaluated where the body is.
        body = quote!(async { #body.await });
    }
    quote! {
        #krate::__private::run::<_, _, #returned>(#case, move |#context| async move {
            #set_up
            #context.body(#body).await
        })
    }
}

/// What `test-case` passes in, under names of our own: the user's may be any pattern.
fn handed_on(test: &TestFn<'_>) -> TokenStream {
    let cases = test.arguments.iter().enumerate();
    let parameters = cases.filter_map(|(position, argument)| match argument {
        Argument::Case(ty) => {
            let name = argument_name(position);
            Some(quote!(#name: #ty))
        }
        Argument::Parameter | Argument::Fixture(..) => None,
    });
    quote!(#(#parameters),*)
}

/// Plans all that the test asks for, then sets it up.
fn set_up(test: &TestFn<'_>, context: &Ident) -> TokenStream {
    let requests: Vec<_> = requests(test).collect();
    if requests.is_empty() {
        return TokenStream::new();
    }
    let plan = Ident::new("plan", Span::mixed_site());
    let planned = requests
        .iter()
        .map(|(name, request)| request.plan(name, &plan));
    let set_up = requests
        .iter()
        .map(|(name, request)| request.set_up(name, context));
    let sql_fixtures = (!test.args.sql_fixtures.is_empty()).then(|| quote!(#plan.sql_fixtures();));
    quote! {
        let mut #plan = #context.plan();
        #sql_fixtures
        #(#planned)*
        #context.prepare(#plan).await?;
        #(#set_up)*
    }
}

fn requests<'a>(test: &'a TestFn<'_>) -> impl Iterator<Item = (Ident, &'a Request)> {
    let arguments = test.arguments.iter().enumerate();
    arguments.filter_map(|(position, argument)| match argument {
        Argument::Case(_) | Argument::Parameter => None,
        Argument::Fixture(request) => Some((argument_name(position), request)),
    })
}

/// The signature without the attributes of its arguments, which are ours.
pub(crate) fn without_attributes(sig: &Signature) -> Signature {
    let mut sig = sig.clone();
    for input in &mut sig.inputs {
        if let FnArg::Typed(argument) = input {
            argument.attrs.clear();
        }
    }
    sig
}

fn passed(test: &TestFn<'_>, of: Option<&Case<'_>>) -> TokenStream {
    let arguments = test.arguments.iter().enumerate();
    let passed = arguments.map(|(position, argument)| {
        let name = argument_name(position);
        match argument {
            Argument::Case(_) => quote!(#name),
            Argument::Parameter => of
                .and_then(|case| case.value(position))
                .expect("a case has a value for each parameter")
                .to_token_stream(),
            Argument::Fixture(request) => request.pass(&name),
        }
    });
    quote!(#(#passed),*)
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

fn case(test: &TestFn<'_>, of: Option<&Case<'_>>) -> TokenStream {
    let TestArgs {
        flavor,
        worker_threads,
        start_paused,
        timeout,
        isolation,
        isolation_level,
        ambient,
        sandbox_wait,
        echo,
        max_queries,
        max_repeats,
        session,
        sql_fixtures,
        krate,
    } = &test.args;
    let private = quote!(#krate::__private);
    let name = &test.function.sig.ident;
    let mut path = format!("::{name}");
    for name in of.iter().flat_map(|case| &case.path) {
        path.push_str("::");
        path.push_str(name);
    }
    // The user's line, not the attribute's: `line!` goes by the span of the whole call.
    let place = of.map_or(name.span(), |case| case.span);
    let line = quote_spanned!(place=> line!());
    let mut set = Vec::new();
    if *flavor == Flavor::MultiThread {
        set.push(quote!(flavor: #private::Flavor::MultiThread));
    }
    if let Some(threads) = worker_threads {
        set.push(some("worker_threads", quote!(#threads)));
    }
    if *start_paused {
        set.push(quote!(start_paused: true));
    }
    for (name, value) in [("timeout", timeout), ("sandbox_wait", sandbox_wait)] {
        if let Some(value) = value {
            let (secs, nanos) = (value.as_secs(), value.subsec_nanos());
            set.push(some(
                name,
                quote!(::core::time::Duration::new(#secs, #nanos)),
            ));
        }
    }
    if let Some(isolation) = isolation {
        let variant = format_ident!("{isolation:?}");
        set.push(some("isolation", quote!(#private::Isolation::#variant)));
    }
    if let Some(level) = isolation_level {
        let variant = format_ident!("{level:?}");
        set.push(some(
            "isolation_level",
            quote!(#private::IsolationLevel::#variant),
        ));
    }
    if let Some(ambient) = ambient {
        set.push(some("ambient", quote!(#ambient)));
    }
    if let Some(echo) = echo {
        set.push(some("echo", quote!(#echo)));
    }
    if let Some(most) = max_queries {
        set.push(some("max_queries", quote!(#most)));
    }
    if let Some(most) = max_repeats {
        set.push(some("max_repeats", quote!(#most)));
    }
    if let Some(session) = session {
        set.push(some(
            "session",
            quote!(#private::SessionType::of::<#session>()),
        ));
    }
    if !sql_fixtures.is_empty() {
        let fixtures = sql_fixtures.iter().map(|fixture| {
            let path = LitStr::new(&fixture.path, fixture.name.span());
            quote_spanned! {path.span()=>
                #private::SqlFixture { path: #path, sql: ::core::include_str!(#path) }
            }
        });
        set.push(quote!(sql_fixtures: &[#(#fixtures),*]));
    }
    if of.map_or(test.should_panic, Case::should_panic) {
        set.push(quote!(should_panic: true));
    }
    let new = quote! {
        #private::TestCase::new(
            ::core::concat!(::core::module_path!(), #path),
            ::core::file!(),
            #line,
            ::core::env!("CARGO_MANIFEST_DIR"),
        )
    };
    if set.is_empty() {
        return new;
    }
    quote!(#private::TestCase { #(#set,)* ..#new })
}

/// Sets a field of the case that is `None` unless an option sets it.
fn some(field: &str, value: impl ToTokens) -> TokenStream {
    let field = format_ident!("{field}");
    quote!(#field: ::core::option::Option::Some(#value))
}

#[cfg(test)]
mod tests;
