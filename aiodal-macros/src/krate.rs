//! Resolves `crate = path`: where generated code finds aiodal.

use proc_macro2::TokenStream;
use syn::parse::Parser;
use syn::{LitStr, Path, parse_quote};

use crate::settings::Known;

pub(crate) const OPTION: Known = Known {
    name: "crate",
    example: "crate = my_aiodal",
};

/// Returns the path that generated code uses unless told otherwise.
pub(crate) fn default_path() -> Path {
    parse_quote!(::aiodal)
}

/// Parses `my_aiodal`, `crate::testing::aiodal` or either as a string, as other crates write it.
///
/// # Errors
///
/// Says what would be right, without a span: the caller knows the tokens.
pub(crate) fn parse_path(value: TokenStream) -> Result<Path, String> {
    let path = match syn::parse2::<LitStr>(value.clone()) {
        Ok(literal) => literal.parse_with(Path::parse_mod_style),
        Err(_) => Path::parse_mod_style.parse2(value),
    };
    path.map_err(|_| {
        let example = OPTION.example;
        format!("`crate` takes the path of the aiodal crate, such as `{example}`")
    })
}
