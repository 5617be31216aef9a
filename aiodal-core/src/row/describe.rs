//! Words for types, Rust's and PostgreSQL's.

use std::fmt;

use tokio_postgres::types::{FromSql, Kind, Type};

/// Shortens `core::option::Option<alloc::string::String>` to `Option<String>`, and leaves lifetimes out.
pub(crate) fn rust(name: &str) -> String {
    let mut short = String::with_capacity(name.len());
    let mut word = 0;
    for letter in name.chars() {
        match letter {
            // The path so far was not the name yet.
            ':' => short.truncate(word),
            _ => {
                short.push(letter);
                // `{{closure}}` and `{impl#1}` are parts of paths.
                if !letter.is_alphanumeric() && !"_{}#".contains(letter) {
                    word = short.len();
                }
            }
        }
    }
    short.replace("'_, ", "").replace("<'_>", "")
}

/// Like [`rust`], but the value of a column of JSON goes without what says that it is one.
pub(crate) fn value(name: &str) -> String {
    let json = concat!(module_path!(), "::Json<").replace("describe", "json_column::with_serde");
    let inner = name.strip_prefix(&json).and_then(|n| n.strip_suffix('>'));
    rust(inner.unwrap_or(name))
}

/// Names a PostgreSQL type as SQL does, and says what it is where its name doesn't.
pub(crate) fn sql(ty: &Type) -> String {
    match ty.kind() {
        Kind::Array(element) => format!("{}[]", name(element)),
        Kind::Enum(labels) => format!("the enum {ty} ({})", labels.join(", ")),
        Kind::Composite(_) => format!("the composite type {ty}"),
        Kind::Domain(base) => format!("the domain {ty} over {}", sql(base)),
        _ => name(ty),
    }
}

fn name(ty: &Type) -> String {
    match *ty {
        // Not to be mistaken for `char`, which is `bpchar`.
        Type::CHAR => "\"char\"".to_owned(),
        _ => ty.to_string(),
    }
}

/// The types that are named as what a Rust type reads; others would be no news to whoever uses them.
const COMMON: [Type; 40] = [
    Type::BOOL,
    Type::INT2,
    Type::INT4,
    Type::INT8,
    Type::FLOAT4,
    Type::FLOAT8,
    Type::NUMERIC,
    Type::TEXT,
    Type::VARCHAR,
    Type::BPCHAR,
    Type::NAME,
    Type::CHAR,
    Type::BYTEA,
    Type::UUID,
    Type::JSON,
    Type::JSONB,
    Type::DATE,
    Type::TIME,
    Type::TIMESTAMP,
    Type::TIMESTAMPTZ,
    Type::INTERVAL,
    Type::INET,
    Type::CIDR,
    Type::MACADDR,
    Type::OID,
    Type::PG_LSN,
    Type::POINT,
    Type::BIT,
    Type::VARBIT,
    Type::BOOL_ARRAY,
    Type::INT2_ARRAY,
    Type::INT4_ARRAY,
    Type::INT8_ARRAY,
    Type::FLOAT4_ARRAY,
    Type::FLOAT8_ARRAY,
    Type::NUMERIC_ARRAY,
    Type::TEXT_ARRAY,
    Type::VARCHAR_ARRAY,
    Type::BYTEA_ARRAY,
    Type::UUID_ARRAY,
];

/// Returns the common types that `T` reads.
pub(crate) fn accepted<'a, T: FromSql<'a>>() -> Vec<Type> {
    common(T::accepts)
}

/// Returns the common types among those that something accepts.
pub(crate) fn common(accepts: fn(&Type) -> bool) -> Vec<Type> {
    COMMON.into_iter().filter(accepts).collect()
}

/// Says how a column of this type is read, where there is one answer for most.
pub(crate) fn remedy(ty: &Type) -> Option<String> {
    let rust = match *ty {
        Type::BOOL => "bool",
        Type::CHAR => "i8",
        Type::INT2 => "i16",
        Type::INT4 => "i32",
        Type::INT8 => "i64",
        Type::FLOAT4 => "f32",
        Type::FLOAT8 => "f64",
        Type::OID => "u32",
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME => "String",
        Type::BYTEA => "Vec<u8>",
        Type::INET => "std::net::IpAddr",
        Type::NUMERIC => return Some("cast it to text, float8 or an integer".into()),
        Type::UUID => return Some(with("uuid::Uuid", "with-uuid-1")),
        Type::JSON | Type::JSONB => {
            return Some("read it with `#[aiodal(json)]`, or as a serde_json::Value".into());
        }
        Type::DATE | Type::TIME | Type::TIMESTAMP | Type::TIMESTAMPTZ => {
            return Some(
                "its Rust types are those of chrono, jiff and time (features `with-chrono-0_4` …)"
                    .into(),
            );
        }
        _ => match ty.kind() {
            Kind::Enum(_) | Kind::Composite(_) => {
                return Some(
                    "cast it to text, or derive FromSql of postgres-types for its Rust type".into(),
                );
            }
            _ => return None,
        },
    };
    Some(format!("its Rust type is {rust}"))
}

/// Says how a column of this type is written, where there is one answer for most.
pub(crate) fn written_as(ty: &Type) -> Option<String> {
    match *ty {
        Type::NUMERIC => Some("load it as text into a staging table".into()),
        Type::JSON | Type::JSONB => {
            Some("write it with `#[aiodal(json)]`, or as a serde_json::Value".into())
        }
        _ => match ty.kind() {
            Kind::Enum(_) | Kind::Composite(_) => {
                Some("derive ToSql of postgres-types for its Rust type".into())
            }
            _ => remedy(ty),
        },
    }
}

fn with(rust: &str, feature: &str) -> String {
    format!("its Rust type is {rust} (feature `{feature}`)")
}

/// Column names, quoted, cut where there are many.
pub(crate) struct Names<'a>(pub(crate) &'a [String]);

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 20;
        if self.0.is_empty() {
            return write!(f, "none");
        }
        for (i, name) in self.0.iter().take(MOST).enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(f, "{comma}\"{name}\"")?;
        }
        match self.0.len().saturating_sub(MOST) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rust_types_lose_their_paths() {
        assert_eq!(
            rust(std::any::type_name::<Option<String>>()),
            "Option<String>"
        );
        assert_eq!(
            rust(std::any::type_name::<(Vec<Option<i32>>, [u8; 4])>()),
            "(Vec<Option<i32>>, [u8; 4])"
        );
        assert_eq!(rust("a::b::{{closure}}::{impl#1}::Author"), "Author");
        assert_eq!(
            rust("my_crate::a_mod::Page<my_crate::Author>"),
            "Page<Author>"
        );
        assert_eq!(rust("a::Book<'_>"), "Book");
        assert_eq!(rust("a::Page<'_, a::Book<'_>>"), "Page<Book>");
    }

    #[test]
    fn what_a_rust_type_reads_is_listed() {
        let names = |types: Vec<Type>| types.iter().map(sql).collect::<Vec<_>>().join(", ");
        assert_eq!(names(accepted::<i64>()), "int8");
        assert_eq!(names(accepted::<String>()), "text, varchar, bpchar, name");
        assert_eq!(names(accepted::<Option<Vec<i32>>>()), "int4[]");
    }

    #[test]
    fn many_names_are_cut() {
        let names: Vec<String> = (0..22).map(|n| n.to_string()).collect();
        assert!(Names(&names).to_string().ends_with("\"19\" and 2 more"));
        assert_eq!(Names(&[]).to_string(), "none");
    }
}
