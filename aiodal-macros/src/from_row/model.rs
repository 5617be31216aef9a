//! What is read from a row: the struct as our own types, after every rule has been checked.

use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Field, Fields, GenericParam, Index, Member, Path, Type};

use crate::problems::Problems;
use crate::row::options::{FieldOptions, StructOptions};
use crate::row::rename::Case;
use crate::row::{Target, column_name, in_option, target};

/// A struct that keeps all the rules.
pub(super) struct RowStruct<'a> {
    pub(super) input: &'a DeriveInput,
    pub(super) krate: Path,
    pub(super) fields: Vec<RowField<'a>>,
    /// How many columns there must be, where they are read by their order.
    pub(super) columns: Option<usize>,
}

/// A field and what it is made of.
pub(super) struct RowField<'a> {
    pub(super) member: Member,
    pub(super) ty: &'a Type,
    pub(super) source: Source<'a>,
}

/// Where a field comes from.
pub(super) enum Source<'a> {
    /// `Default`; no column.
    Skip,
    /// A type that reads columns of its own.
    Nested { prefix: String },
    /// One column.
    Column {
        column: Column,
        conversion: Conversion<'a>,
    },
}

/// Which column.
pub(super) enum Column {
    Named { name: String, may_miss: bool },
    Numbered(usize),
}

/// What is done with a column's value.
pub(super) enum Conversion<'a> {
    /// Nothing: the field's type is what is read.
    None,
    Json,
    /// The type that is read, and the one that is made of it: the field's own, or the one in its `Option`.
    From(Box<Type>, Target<'a>),
    TryFrom(Box<Type>, Target<'a>),
}

impl<'a> RowStruct<'a> {
    /// Checks all rules, so that `problems` holds every one that is broken.
    pub(super) fn new(input: &'a DeriveInput, problems: &mut Problems) -> Option<Self> {
        let options = StructOptions::parse(&input.attrs, problems);
        check_generics(input, problems);
        let name = &input.ident;
        let fields = match &input.data {
            Data::Struct(data) => &data.fields,
            Data::Enum(data) => {
                problems.at(
                    data.enum_token,
                    "a row is read into a struct; an enum of PostgreSQL is one column: derive `FromSql` of postgres-types for it",
                );
                return None;
            }
            Data::Union(data) => {
                problems.at(
                    data.union_token,
                    "a row is read into a struct, not into a union",
                );
                return None;
            }
        };
        if fields.is_empty() {
            problems.at(
                name,
                "a struct without fields reads no columns; to run a statement for its effect use `execute`",
            );
            return None;
        }
        let named = matches!(fields, Fields::Named(_));
        if let (false, Some(_)) = (named, options.rename_all) {
            problems.at(
                name,
                "the fields of a tuple struct are read by their order; `rename_all` has nothing to rename",
            );
        }
        let mut columns = 0;
        let fields = fields
            .iter()
            .enumerate()
            .map(|(number, field)| {
                row_field(number, field, options.rename_all, &mut columns, problems)
            })
            .collect();
        Some(Self {
            input,
            krate: options.krate,
            fields,
            columns: (!named).then_some(columns),
        })
    }
}

fn check_generics(input: &DeriveInput, problems: &mut Problems) {
    for param in &input.generics.params {
        if let GenericParam::Lifetime(param) = param {
            problems.at(
                param,
                "a row does not outlive what is read from it; own the values: `String` instead of `&str`, `Vec<u8>` instead of `&[u8]`",
            );
        }
    }
}

/// Reads one field; `columns` counts those that have been read by their order.
fn row_field<'a>(
    number: usize,
    field: &'a Field,
    rename_all: Option<Case>,
    columns: &mut usize,
    problems: &mut Problems,
) -> RowField<'a> {
    let options = FieldOptions::parse(&field.attrs, problems);
    check_together(&options, problems);
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
    let source = if options.skip.is_some() {
        Source::Skip
    } else if options.flatten.is_some() {
        let prefix = options
            .prefix
            .map_or_else(String::new, |(_, prefix)| prefix);
        Source::Nested { prefix }
    } else {
        let column = match &field.ident {
            Some(name) => Column::Named {
                name: column_name(name, options.rename.as_ref(), rename_all),
                may_miss: options.default.is_some(),
            },
            None => Column::Numbered(*columns),
        };
        *columns += 1;
        Source::Column {
            column,
            conversion: conversion(&field.ty, options),
        }
    };
    if !matches!(source, Source::Skip) {
        check_owned(&field.ty, problems);
    }
    RowField {
        member,
        ty: &field.ty,
        source,
    }
}

fn conversion(field: &Type, options: FieldOptions) -> Conversion<'_> {
    if options.json.is_some() {
        return Conversion::Json;
    }
    match (options.from, options.try_from) {
        (Some((_, from)), _) => {
            let target = target(field, &from);
            Conversion::From(Box::new(from), target)
        }
        (None, Some((_, from))) => {
            let target = target(field, &from);
            Conversion::TryFrom(Box::new(from), target)
        }
        (None, None) => Conversion::None,
    }
}

fn check_owned(ty: &Type, problems: &mut Problems) {
    let inner = in_option(ty).unwrap_or(ty);
    if let Type::Reference(_) = inner {
        problems.at(
            inner,
            "a row does not outlive what is read from it; own the value: `String` instead of `&str`, `Vec<u8>` instead of `&[u8]`",
        );
    }
}

/// Checks what options mean to each other.
fn check_together(options: &FieldOptions, problems: &mut Problems) {
    let FieldOptions {
        rename,
        default,
        flatten,
        prefix,
        json,
        skip,
        from,
        try_from,
        // They are about writing.
        into: _,
        try_into: _,
    } = options;
    let rename = rename.as_ref().map(|(key, _)| key);
    let prefix = prefix.as_ref().map(|(key, _)| key);
    let from = from.as_ref().map(|(key, _)| key);
    let try_from = try_from.as_ref().map(|(key, _)| key);
    let all = [rename, default.as_ref(), json.as_ref(), from, try_from];
    if skip.is_some() {
        for key in all.into_iter().chain([flatten.as_ref(), prefix]).flatten() {
            problems.at(
                key,
                format!("a skipped field is read from nothing; remove `{key}` or `skip`"),
            );
        }
        return;
    }
    if flatten.is_some() {
        for key in all.into_iter().flatten() {
            let message = format!(
                "a flattened field reads several columns, and `{key}` is about one; put it on a field of the inner struct"
            );
            problems.at(key, message);
        }
    } else if let Some(key) = prefix {
        problems.at(
            key,
            "`prefix` needs `flatten` beside it; for one column use `rename`",
        );
    }
    let conversions = [json.as_ref(), from, try_from].into_iter().flatten();
    for key in conversions.skip(1) {
        problems.at(
            key,
            "a value is converted once; keep one of `json`, `from` and `try_from`",
        );
    }
}

/// Checks what cannot be said of a field that is read by its order.
fn check_order(options: &FieldOptions, problems: &mut Problems) {
    let by_name = "the fields of a tuple struct are read by their order";
    if let Some((key, _)) = &options.rename {
        problems.at(
            key,
            format!("{by_name}; name the field, or remove `rename`"),
        );
    }
    if let Some(key) = &options.default {
        problems.at(
            key,
            format!("{by_name}, and none may be missing; name the field, or use `skip`"),
        );
    }
    if let Some(key) = &options.flatten {
        problems.at(key, format!("{by_name}; name the field to flatten it"));
    }
}
