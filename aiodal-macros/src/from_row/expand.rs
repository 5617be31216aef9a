//! Quotes the implementation of `FromRow`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{DeriveInput, Generics, Ident, Path, Type, WherePredicate, parse_quote};

use super::model::{Column, Conversion, RowField, RowStruct, Source};
use crate::request::place_of;
use crate::row::{Target, at, label, local, made, mentions_any};

pub(super) fn row_struct(row_struct: &RowStruct<'_>) -> TokenStream {
    let RowStruct {
        input,
        krate,
        fields,
        columns,
    } = row_struct;
    let name = &input.ident;
    let mut generics = input.generics.clone();
    let bounds = fields
        .iter()
        .flat_map(|field| bounds(field, &input.generics, krate));
    let bounds: Vec<WherePredicate> = bounds.collect();
    if !bounds.is_empty() {
        generics.make_where_clause().predicates.extend(bounds);
    }
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();

    let exactly = columns.map(|columns| quote!(.exactly(#columns)));
    let checks = fields.iter().map(|field| check(field, krate));
    let checks: TokenStream = checks.collect();
    let steps = fields.iter().map(|field| step(field, krate));
    let read = fields
        .iter()
        .filter(|field| !matches!(field.source, Source::Skip));
    let numbers = read.zip(0..);
    let mut values: Vec<TokenStream> = numbers
        .map(|(field, number)| value(field, number, krate))
        .collect();
    let skipped = fields
        .iter()
        .filter(|field| matches!(field.source, Source::Skip));
    values.extend(skipped.map(|field| {
        let RowField { member, ty, .. } = field;
        quote_spanned!(place_of(ty)=> #member: <#ty as ::core::default::Default>::default())
    }));
    let here = Span::mixed_site();
    let (row, plan) = (local("row", here), local("plan", here));
    let columns = local("columns", here);
    quote! {
        #[automatically_derived]
        impl #impl_generics #krate::FromRow for #name #ty_generics #where_clause {
            fn resolve(#columns: &#krate::row::Columns<'_>) -> #krate::Result<#krate::row::Plan> {
                #checks
                #columns.plan::<Self>() #exactly #(#steps)* .finish()
            }

            fn decode(#row: &#krate::Row, #plan: &#krate::row::Plan) -> #krate::Result<Self> {
                #checks
                ::core::result::Result::Ok(Self { #(#values),* })
            }
        }
    }
}

/// An implementation that compiles, so that one mistake is one message.
pub(super) fn fallback(input: &DeriveInput, krate: &Path) -> TokenStream {
    let name = &input.ident;
    let (impl_generics, ty_generics, where_clause) = input.generics.split_for_impl();
    quote! {
        impl #impl_generics #krate::FromRow for #name #ty_generics #where_clause {
            fn resolve(_: &#krate::row::Columns<'_>) -> #krate::Result<#krate::row::Plan> {
                ::core::unimplemented!()
            }

            fn decode(_: &#krate::Row, _: &#krate::row::Plan) -> #krate::Result<Self> {
                ::core::unimplemented!()
            }
        }
    }
}

/// Asks of a field's type what everything else will ask too, so that the answer is given once.
fn check(field: &RowField<'_>, krate: &Path) -> TokenStream {
    let ty = field.ty;
    let here = place_of(ty);
    match &field.source {
        Source::Nested { .. } => quote_spanned!(here=> #krate::row::is_row::<#ty>();),
        Source::Column {
            conversion: Conversion::None,
            ..
        } => quote_spanned!(here=> #krate::row::is_column::<#ty>();),
        Source::Skip | Source::Column { .. } => TokenStream::new(),
    }
}

/// What the plan does about a field; spanned so that an unfit type is underlined itself.
fn step(field: &RowField<'_>, krate: &Path) -> TokenStream {
    let here = place_of(field.ty);
    let label = label(&field.member);
    match &field.source {
        Source::Skip => TokenStream::new(),
        Source::Nested { prefix } => {
            let ty = field.ty;
            quote_spanned!(here=> .nested::<#ty>(#label, #prefix))
        }
        Source::Column { column, conversion } => {
            let read = read_type(field.ty, conversion, krate);
            match column {
                Column::Named { name, may_miss } => {
                    let method = Ident::new(
                        if *may_miss {
                            "optional_column"
                        } else {
                            "column"
                        },
                        here,
                    );
                    quote_spanned!(here=> .#method::<#read>(#label, #name))
                }
                Column::Numbered(number) => {
                    quote_spanned!(here=> .position::<#read>(#label, #number))
                }
            }
        }
    }
}

/// What the driver reads, before any conversion.
fn read_type(field: &Type, conversion: &Conversion<'_>, krate: &Path) -> TokenStream {
    match conversion {
        Conversion::None => field.to_token_stream(),
        Conversion::Json => {
            let (here, krate) = (place_of(field), at(place_of(field), krate));
            quote_spanned!(here=> <#field as #krate::row::FromJson>::Column)
        }
        Conversion::From(from, target) | Conversion::TryFrom(from, target) => match target {
            Target::Field => from.to_token_stream(),
            Target::InOption(_) => quote!(::core::option::Option<#from>),
        },
    }
}

fn value(field: &RowField<'_>, number: usize, krate: &Path) -> TokenStream {
    let RowField { member, ty, source } = field;
    let here = place_of(ty);
    let (row, plan) = (local("row", here), local("plan", here));
    let read = match source {
        Source::Skip => quote!(),
        Source::Nested { .. } => quote_spanned!(here=> #plan.nested::<#ty>(#row, #number)?),
        Source::Column { column, conversion } => {
            let get = read_type(ty, conversion, krate);
            let get = quote_spanned!(here=> #plan.get::<#get>(#row, #number)?);
            let read = converted(ty, conversion, &get, number, krate);
            if matches!(column, Column::Named { may_miss: true, .. }) {
                quote_spanned! {here=>
                    if #plan.is_missing(#number) {
                        <#ty as ::core::default::Default>::default()
                    } else {
                        #read
                    }
                }
            } else {
                read
            }
        }
    };
    quote!(#member: #read)
}

fn converted(
    field: &Type,
    conversion: &Conversion<'_>,
    get: &TokenStream,
    number: usize,
    krate: &Path,
) -> TokenStream {
    let here = place_of(field);
    let (row, plan) = (local("row", here), local("plan", here));
    match conversion {
        Conversion::None => get.clone(),
        Conversion::Json => {
            let krate = at(here, krate);
            quote_spanned!(here=> <#field as #krate::row::FromJson>::from_column(#get))
        }
        Conversion::From(from, Target::Field) => {
            quote_spanned!(here=> <#field as ::core::convert::From<#from>>::from(#get))
        }
        Conversion::From(from, Target::InOption(inner)) => {
            quote_spanned!(here=> #get.map(<#inner as ::core::convert::From<#from>>::from))
        }
        Conversion::TryFrom(from, Target::Field) => quote_spanned! {here=>
            <#field as ::core::convert::TryFrom<#from>>::try_from(#get)
                .map_err(|error| #plan.not_converted::<#field>(#row, #number, error))?
        },
        Conversion::TryFrom(from, Target::InOption(inner)) => quote_spanned! {here=>
            #get.map(<#inner as ::core::convert::TryFrom<#from>>::try_from)
                .transpose()
                .map_err(|error| #plan.not_converted::<#inner>(#row, #number, error))?
        },
    }
}

/// What the types of fields that are generic must be able to do. Of others the compiler knows it.
fn bounds(field: &RowField<'_>, generics: &Generics, krate: &Path) -> Vec<WherePredicate> {
    let ty = field.ty;
    if !mentions_any(ty, generics) {
        return Vec::new();
    }
    let mut bounds: Vec<WherePredicate> = Vec::new();
    match &field.source {
        Source::Skip => bounds.push(parse_quote!(#ty: ::core::default::Default)),
        Source::Nested { .. } => bounds.push(parse_quote!(#ty: #krate::FromRow)),
        Source::Column { column, conversion } => {
            if matches!(column, Column::Named { may_miss: true, .. }) {
                bounds.push(parse_quote!(#ty: ::core::default::Default));
            }
            bounds.push(match conversion {
                Conversion::None => parse_quote!(#ty: #krate::row::FromColumn),
                Conversion::Json => parse_quote!(#ty: #krate::row::FromJson),
                Conversion::From(from, target) => {
                    let made = made(ty, *target);
                    parse_quote!(#made: ::core::convert::From<#from>)
                }
                Conversion::TryFrom(from, target) => {
                    let made = made(ty, *target);
                    parse_quote! {
                        #made: ::core::convert::TryFrom<#from, Error: ::core::convert::Into<#krate::BoxError>>
                    }
                }
            });
        }
    }
    bounds
}
