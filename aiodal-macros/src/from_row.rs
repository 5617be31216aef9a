//! `#[derive(FromRow)]`: a struct that is read from a row.
//!
//! `row::options` reads the attributes, `model` checks every rule, `expand` quotes; `row::rename` turns field names into
//! column names.

mod expand;
mod model;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use self::model::RowStruct;
use crate::problems::Problems;
use crate::row::options;

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

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    fn expanded(item: TokenStream) -> String {
        from_row(item).to_string()
    }

    #[test]
    fn the_crate_is_found_where_it_is_said_to_be() {
        let item = quote! {
            #[aiodal(crate = db)]
            struct Author<T> {
                id: i32,
                #[aiodal(json, default)]
                settings: T,
                #[aiodal(try_from = "i64")]
                age: Option<T>,
                #[aiodal(flatten)]
                rest: T,
            }
        };
        let expansion = expanded(item);
        assert!(
            expansion.contains("impl < T > db :: FromRow for Author < T >"),
            "{expansion}"
        );
        assert!(!expansion.contains("aiodal"), "{expansion}");
        let fallback = expanded(quote!(
            #[aiodal(crate = db, x)]
            struct Author {
                id: i32,
            }
        ));
        assert!(
            fallback.contains("impl db :: FromRow for Author"),
            "{fallback}"
        );
    }

    #[test]
    fn generic_fields_bring_their_bounds_and_others_none() {
        let item = quote! {
            struct Page<T, const N: usize> where T: Copy {
                id: i32,
                one: T,
                many: [T; N],
                #[aiodal(skip)]
                cache: Option<T>,
            }
        };
        let expansion = expanded(item);
        let bounds = "where T : Copy , T : :: aiodal :: row :: FromColumn , [T ; N] : :: aiodal :: row :: FromColumn , \
                      Option < T > : :: core :: default :: Default {";
        assert!(expansion.contains(bounds), "{expansion}");
        assert!(
            !expanded(quote!(
                struct Author {
                    id: i32,
                }
            ))
            .contains("where")
        );
    }
}
