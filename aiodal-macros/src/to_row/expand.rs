//! Quotes the implementation of `ToRow`.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{DeriveInput, Generics, Ident, Path, Type, WherePredicate, parse_quote};

use super::model::{Conversion, RowField, RowStruct, Sink};
use crate::request::place_of;
use crate::row::{Target, label, local, made, mentions_any};

pub(super) fn row_struct(row_struct: &RowStruct<'_>) -> TokenStream {
    let RowStruct {
        input,
        krate,
        fields,
    } = row_struct;
    let name = &input.ident;
    let mut generics = input.generics.clone();
    let bounds = fields
        .iter()
        .filter_map(|field| bounds(field, &input.generics, krate));
    let bounds: Vec<WherePredicate> = bounds.collect();
    if !bounds.is_empty() {
        generics.make_where_clause().predicates.extend(bounds);
    }
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let checks: TokenStream = fields.iter().map(|field| check(field, krate)).collect();
    let steps = fields.iter().map(step);
    let values = fields.iter().map(|field| value(field, krate));
    let here = Span::mixed_site();
    let (row, columns) = (local("row", here), local("columns", here));
    quote! {
        #[automatically_derived]
        impl #impl_generics #krate::ToRow for #name #ty_generics #where_clause {
            fn columns(#columns: #krate::bulk::RowColumns) -> #krate::bulk::RowColumns {
                #checks
                #columns #(#steps)*
            }

            fn write(&self, #row: &mut #krate::bulk::RowWriter<'_>) -> #krate::Result<()> {
                #checks
                #(#values)*
                ::core::result::Result::Ok(())
            }
        }
    }
}

/// An implementation that compiles, so that one mistake is one message.
pub(super) fn fallback(input: &DeriveInput, krate: &Path) -> TokenStream {
    let name = &input.ident;
    let (impl_generics, ty_generics, where_clause) = input.generics.split_for_impl();
    quote! {
        impl #impl_generics #krate::ToRow for #name #ty_generics #where_clause {
            fn columns(_: #krate::bulk::RowColumns) -> #krate::bulk::RowColumns {
                ::core::unimplemented!()
            }

            fn write(&self, _: &mut #krate::bulk::RowWriter<'_>) -> #krate::Result<()> {
                ::core::unimplemented!()
            }
        }
    }
}

/// Asks of a field's type what everything else will ask too, so that the answer is given once.
fn check(field: &RowField<'_>, krate: &Path) -> TokenStream {
    let ty = field.ty;
    let here = place_of(ty);
    match &field.sink {
        Sink::Nested { .. } => quote_spanned!(here=> #krate::bulk::is_row::<#ty>();),
        Sink::Column { conversion, .. } => match conversion {
            Conversion::None => quote_spanned!(here=> #krate::bulk::is_column::<#ty>();),
            Conversion::Json(target) => {
                let ty = made(ty, *target);
                quote_spanned!(here=> #krate::bulk::is_json::<#ty>();)
            }
            Conversion::Into(into, _) | Conversion::TryInto(into, _) => {
                quote_spanned!(place_of(into)=> #krate::bulk::is_column::<#into>();)
            }
        },
    }
}

/// What is said of a field's columns; spanned so that an unfit type is underlined itself.
fn step(field: &RowField<'_>) -> TokenStream {
    let RowField { member, ty, sink } = field;
    let here = place_of(ty);
    let label = label(member);
    let (column, conversion) = match sink {
        Sink::Nested { prefix } => return quote_spanned!(here=> .nested::<#ty>(#prefix)),
        Sink::Column { column, conversion } => (column, conversion),
    };
    let (method, written) = match (conversion, column) {
        (Conversion::Json(target), Some(_)) => ("json", json_type(ty, *target)),
        (Conversion::Json(target), None) => ("json_position", json_type(ty, *target)),
        (_, Some(_)) => ("column", written_type(ty, conversion)),
        (_, None) => ("position", written_type(ty, conversion)),
    };
    let method = Ident::new(method, here);
    let column = column.iter();
    quote_spanned!(here=> .#method::<#written>(#label #(, #column)*))
}

fn json_type(field: &Type, target: Target<'_>) -> TokenStream {
    let ty = made(field, target);
    quote!(#ty)
}

/// What the driver writes, after any conversion.
fn written_type(field: &Type, conversion: &Conversion<'_>) -> TokenStream {
    match conversion {
        Conversion::None | Conversion::Json(_) => quote!(#field),
        Conversion::Into(into, target) | Conversion::TryInto(into, target) => match target {
            Target::Field => quote!(#into),
            Target::InOption(_) => quote!(::core::option::Option<#into>),
        },
    }
}

fn value(field: &RowField<'_>, krate: &Path) -> TokenStream {
    let RowField { member, ty, sink } = field;
    let here = place_of(ty);
    let row = local("row", here);
    let found = local("found", here);
    let converted = |into: &Type, made: &Type, from: &TokenStream| {
        quote_spanned!(here=> match <#into as ::core::convert::TryFrom<&#made>>::try_from(#from) {
            ::core::result::Result::Ok(#found) => #found,
            ::core::result::Result::Err(#found) => {
                return ::core::result::Result::Err(#row.refuse(#found));
            }
        })
    };
    let conversion = match sink {
        Sink::Nested { .. } => {
            return quote_spanned!(here=> <#ty as #krate::ToRow>::write(&self.#member, #row)?;);
        }
        Sink::Column { conversion, .. } => conversion,
    };
    let value = match conversion {
        Conversion::None => quote_spanned!(here=> &self.#member),
        Conversion::Json(Target::Field) => {
            return quote_spanned!(here=> #row.json::<#ty>(&self.#member)?;);
        }
        Conversion::Json(Target::InOption(inner)) => {
            return quote_spanned! {here=>
                match &self.#member {
                    ::core::option::Option::Some(#found) => #row.json::<#inner>(#found)?,
                    ::core::option::Option::None => #row.nulls(1)?,
                }
            };
        }
        Conversion::Into(into, Target::Field) => {
            quote_spanned!(here=> &<#into as ::core::convert::From<&#ty>>::from(&self.#member))
        }
        Conversion::Into(into, Target::InOption(inner)) => quote_spanned! {here=>
            &self.#member.as_ref().map(<#into as ::core::convert::From<&#inner>>::from)
        },
        Conversion::TryInto(into, Target::Field) => {
            let converted = converted(into, ty, &quote_spanned!(here=> &self.#member));
            quote_spanned!(here=> &#converted)
        }
        Conversion::TryInto(into, Target::InOption(inner)) => {
            let converted = converted(into, inner, &quote!(#found));
            quote_spanned! {here=>
                &match &self.#member {
                    ::core::option::Option::Some(#found) => {
                        ::core::option::Option::Some(#converted)
                    }
                    ::core::option::Option::None => ::core::option::Option::None,
                }
            }
        }
    };
    let written = written_type(ty, conversion);
    quote_spanned!(here=> #row.field::<#written>(#value)?;)
}

/// What the types of fields that are generic must be able to do. Of others the compiler knows it.
fn bounds(field: &RowField<'_>, generics: &Generics, krate: &Path) -> Option<WherePredicate> {
    let ty = field.ty;
    if !mentions_any(ty, generics) {
        return None;
    }
    Some(match &field.sink {
        Sink::Nested { .. } => parse_quote!(#ty: #krate::ToRow),
        Sink::Column { conversion, .. } => match conversion {
            Conversion::None => parse_quote!(#ty: #krate::bulk::ToColumn),
            Conversion::Json(target) => {
                let made = made(ty, *target);
                parse_quote!(#made: #krate::bulk::ToJson)
            }
            Conversion::Into(into, target) => {
                let made = made(ty, *target);
                parse_quote!(#into: for<'made> ::core::convert::From<&'made #made>)
            }
            Conversion::TryInto(into, target) => {
                let made = made(ty, *target);
                parse_quote! {
                    #into: for<'made> ::core::convert::TryFrom<
                        &'made #made,
                        Error: ::core::convert::Into<#krate::BoxError>,
                    >
                }
            }
        },
    })
}
