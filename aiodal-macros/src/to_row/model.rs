//! What is written to a row: the struct as our own types, after every rule has been checked.

use proc_macro2::Ident;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Field, Fields, Index, Member, Path, Type};

use crate::problems::Problems;
use crate::row::options::{FieldOptions, StructOptions};
use crate::row::rename::Case;
use crate::row::{Target, column_name, in_option, target};

/// A struct that keeps all the rules.
pub(super) struct RowStruct<'a> {
    pub(super) input: &'a DeriveInput,
    pub(super) krate: Path,
    /// Those that are written.
    pub(super) fields: Vec<RowField<'a>>,
}

/// A field and where it goes.
pub(super) struct RowField<'a> {
    pub(super) member: Member,
    pub(super) ty: &'a Type,
    pub(super) sink: Sink<'a>,
}

/// Where a field goes.
pub(super) enum Sink<'a> {
    /// To the columns of its own type.
    Nested { prefix: String },
    /// To one column.
    Column {
        /// `None` goes by position.
        column: Option<String>,
        conversion: Conversion<'a>,
    },
}

/// What is done with a field's value.
pub(super) enum Conversion<'a> {
    /// Nothing: the field's type is what is written.
    None,
    /// The type whose values are JSON: that of the field, or the one in its `Option`.
    Json(Target<'a>),
    /// The type that is written, and what it is made of.
    Into(Box<Type>, Target<'a>),
    TryInto(Box<Type>, Target<'a>),
}

impl<'a> RowStruct<'a> {
    /// Checks all rules, so that `problems` holds every one that is broken.
    pub(super) fn new(input: &'a DeriveInput, problems: &mut Problems) -> Option<Self> {
        let options = StructOptions::parse(&input.attrs, problems);
        let name = &input.ident;
        let fields = match &input.data {
            Data::Struct(data) => &data.fields,
            Data::Enum(data) => {
                problems.at(
                    data.enum_token,
                    "a row is written from a struct; an enum of PostgreSQL is one column: derive `ToSql` of postgres-types for it",
                );
                return None;
            }
            Data::Union(data) => {
                problems.at(
                    data.union_token,
                    "a row is written from a struct, not from a union",
                );
                return None;
            }
        };
        let named = matches!(fields, Fields::Named(_));
        if let (false, Some(_)) = (named, options.rename_all) {
            problems.at(
                name,
                "the fields of a tuple struct are written in their order; `rename_all` has nothing to rename",
            );
        }
        let written = fields
            .iter()
            .enumerate()
            .filter_map(|(number, field)| row_field(number, field, options.rename_all, problems));
        let written: Vec<RowField<'_>> = written.collect();
        if written.is_empty() && problems.is_empty() {
            problems.at(
                name,
                "a struct without fields writes no columns; a row has at least one",
            );
            return None;
        }
        Some(Self {
            input,
            krate: options.krate,
            fields: written,
        })
    }
}

/// Reads one field; `None` if it is skipped.
fn row_field<'a>(
    number: usize,
    field: &'a Field,
    rename_all: Option<Case>,
    problems: &mut Problems,
) -> Option<RowField<'a>> {
    let options = FieldOptions::parse(&field.attrs, problems);
    check_together(&options, problems);
    if options.skip.is_some() {
        return None;
    }
    let member = match &field.ident {
        Some(name) => Member::Named(name.clone()),
        None => {
            check_order(&options, problems);
            Member::Unnamed(Index {
                index: u32::try_from(number).unwrap_or(u32::MAX),
                span: field.ty.span(),
            })
        }
    };
    let sink = if options.flatten.is_some() {
        let prefix = options
            .prefix
            .map_or_else(String::new, |(_, prefix)| prefix);
        Sink::Nested { prefix }
    } else {
        let name = |name: &Ident| column_name(name, options.rename.as_ref(), rename_all);
        Sink::Column {
            column: field.ident.as_ref().map(name),
            conversion: conversion(&field.ty, options),
        }
    };
    Some(RowField {
        member,
        ty: &field.ty,
        sink,
    })
}

fn conversion(field: &Type, options: FieldOptions) -> Conversion<'_> {
    if options.json.is_some() {
        let target = in_option(field).map_or(Target::Field, Target::InOption);
        return Conversion::Json(target);
    }
    match (options.into, options.try_into) {
        (Some((_, into)), _) => {
            let target = target(field, &into);
            Conversion::Into(Box::new(into), target)
        }
        (None, Some((_, into))) => {
            let target = target(field, &into);
            Conversion::TryInto(Box::new(into), target)
        }
        (None, None) => Conversion::None,
    }
}

/// Checks what options mean to each other.
fn check_together(options: &FieldOptions, problems: &mut Problems) {
    let FieldOptions {
        rename,
        flatten,
        prefix,
        json,
        skip,
        into,
        try_into,
        // They are about reading.
        default: _,
        from: _,
        try_from: _,
    } = options;
    let rename = rename.as_ref().map(|(key, _)| key);
    let prefix = prefix.as_ref().map(|(key, _)| key);
    let into = into.as_ref().map(|(key, _)| key);
    let try_into = try_into.as_ref().map(|(key, _)| key);
    let all = [rename, json.as_ref(), into, try_into];
    if skip.is_some() {
        for key in all.into_iter().chain([flatten.as_ref(), prefix]).flatten() {
            problems.at(
                key,
                format!("a skipped field is written to nothing; remove `{key}` or `skip`"),
            );
        }
        return;
    }
    if flatten.is_some() {
        for key in all.into_iter().flatten() {
            let message = format!(
                "a flattened field writes several columns, and `{key}` is about one; put it on a field of the inner struct"
            );
            problems.at(key, message);
        }
    } else if let Some(key) = prefix {
        problems.at(
            key,
            "`prefix` needs `flatten` beside it; for one column use `rename`",
        );
    }
    let conversions = [json.as_ref(), into, try_into].into_iter().flatten();
    for key in conversions.skip(1) {
        problems.at(
            key,
            "a value is converted once; keep one of `json`, `into` and `try_into`",
        );
    }
}

/// Checks what cannot be said of a field that is written by its order.
fn check_order(options: &FieldOptions, problems: &mut Problems) {
    let in_order = "the fields of a tuple struct are written in their order";
    if let Some((key, _)) = &options.rename {
        problems.at(
            key,
            format!("{in_order}; name the field, or remove `rename`"),
        );
    }
    if let Some(key) = &options.flatten {
        problems.at(key, format!("{in_order}; name the field to flatten it"));
    }
}
