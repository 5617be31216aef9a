//! Reflected types as the driver knows types.

use tokio_postgres::types::{Field, Kind, Type};

use crate::schema::{DataType, TypeKind};

/// Returns the driver's form of a reflected type.
///
/// It has what [`ToSql::accepts`](tokio_postgres::types::ToSql::accepts) may look at: the labels of an enum, the fields
/// of a composite type, and what an array, range or domain is over.
pub(super) fn driver_type(data_type: &DataType) -> Type {
    if let Some(known) = Type::from_oid(data_type.oid) {
        return known;
    }
    let kind = match &data_type.kind {
        TypeKind::Base => Kind::Simple,
        TypeKind::Enum(labels) => Kind::Enum(labels.clone()),
        TypeKind::Domain(domain) => Kind::Domain(driver_type(&domain.base)),
        TypeKind::Array(element) => Kind::Array(driver_type(element)),
        TypeKind::Composite(fields) => {
            let field = |field: &crate::schema::Field| {
                Field::new(field.name.clone(), driver_type(&field.data_type))
            };
            Kind::Composite(fields.iter().map(field).collect())
        }
        TypeKind::Range(subtype) => Kind::Range(driver_type(subtype)),
        TypeKind::Multirange(subtype) => Kind::Multirange(driver_type(subtype)),
        TypeKind::Pseudo => Kind::Pseudo,
    };
    let (schema, name) = (data_type.name.schema.clone(), data_type.name.name.clone());
    Type::new(name, data_type.oid, kind, schema)
}

/// Returns what a domain is over, all the way down; any other type as it is.
pub(super) fn without_domain(ty: &Type) -> &Type {
    let mut ty = ty;
    while let Kind::Domain(base) = ty.kind() {
        ty = base;
    }
    ty
}

/// Returns the type with the domains within it replaced by what they are over: in elements and fields too.
///
/// Rust types accept `int4[]` and not an array of a domain over `int4`. A type that changes loses its OID, so that it is
/// never taken for the real one.
pub(super) fn without_domains(ty: &Type) -> Type {
    const NO_OID: u32 = 0;
    let ty = without_domain(ty);
    let kind = match ty.kind() {
        Kind::Array(element) => {
            let bare = without_domains(element);
            if bare == *element {
                return ty.clone();
            }
            Kind::Array(bare)
        }
        Kind::Composite(fields) => {
            let bare: Vec<Field> = fields
                .iter()
                .map(|field| Field::new(field.name().to_owned(), without_domains(field.type_())))
                .collect();
            if bare == *fields {
                return ty.clone();
            }
            Kind::Composite(bare)
        }
        _ => return ty.clone(),
    };
    Type::new(ty.name().to_owned(), NO_OID, kind, ty.schema().to_owned())
}
