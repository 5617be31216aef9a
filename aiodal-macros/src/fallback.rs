//! What is emitted beside errors: enough that other code still finds the function, and nothing that fails again.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{FnArg, Safety, Token};

use crate::attribute;
use crate::function::Function;

/// The problems, and the item as it was.
pub(crate) fn item(problems: &syn::Error, item: &TokenStream) -> TokenStream {
    let errors = problems.to_compile_error();
    quote!(#errors #item)
}

/// The problems, and the function without whatever may have caused them.
pub(crate) fn function(problems: &syn::Error, function: Function) -> TokenStream {
    let errors = problems.to_compile_error();
    let Function {
        mut attrs,
        vis,
        mut sig,
        body,
    } = function;
    // They mean the same on a function that is no test.
    attrs.retain(attribute::is_of_any_function);

    sig.constness = None;
    sig.safety = Safety::Default;
    sig.abi = None;
    // The body may await.
    sig.asyncness = Some(<Token![async]>::default());

    // A body without the arguments it names would be full of errors that nobody made.
    let is_whole = sig.receiver().is_none() && sig.variadic.is_none();
    sig.variadic = None;
    sig.inputs = sig
        .inputs
        .into_iter()
        .filter(|input| matches!(input, FnArg::Typed(_)))
        .collect();
    for input in &mut sig.inputs {
        if let FnArg::Typed(argument) = input {
            argument.attrs.clear();
        }
    }
    let body = if is_whole {
        quote!(#body)
    } else {
        quote!({ ::core::todo!() })
    };

    quote! {
        #errors
        #(#attrs)*
        #[allow(dead_code, unused_variables, clippy::unused_async)]
        #vis #sig #body
    }
}
