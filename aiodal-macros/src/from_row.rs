//! `#[derive(FromRow)]`: a struct that is read from a row.
//!
//! `options` reads the attributes, `model` checks every rule, `expand` quotes; `rename` turns field names into column
//! names.

mod expand;
mod model;
mod options;
mod rename;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use self::model::RowStruct;
use crate::problems::Problems;

pub(crate) fn from_row(item: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(item) {
        Ok(input) => input,
        Err(problem) => return problem.into_compile_error(),
    };
    let mut problems = Problems::default();
    let krate = options::krate(&input.attrs);
    match RowStruct::new(&input, &mut problems) {
        Some(row_struct) if problems.is_empty() => expand::row_struct(&row_struct),
        _ => {
            let errors = problems.into_error().into_compile_error();
            let fallback = expand::fallback(&input, &krate);
            quote::quote!(#errors #fallback)
        }
    }
}
