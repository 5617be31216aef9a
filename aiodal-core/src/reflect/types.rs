//! Types: each made once for all that have it, from its row and the rows of what it is made of.

use std::collections::HashMap;
use std::sync::Arc;

use tokio_postgres::types::{Kind, Type};

use super::builtin;
use super::rows::TypeRow;
use crate::error::{Error, Result};
use crate::schema::{DataType, Domain, DomainCheck, Field, QualifiedName, TypeKind};

/// The types of a reflection.
pub(super) struct Types {
    rows: HashMap<u32, Arc<TypeRow>>,
    made: HashMap<(u32, i32), Arc<DataType>>,
    /// Composites that are being made: one that contains itself is left without fields inside.
    open: Vec<u32>,
    /// Whether that has happened inside the outermost of them.
    cut: bool,
}

impl Types {
    pub(super) fn new(rows: Vec<TypeRow>) -> Types {
        let mut by_oid = HashMap::with_capacity(rows.len());
        for row in rows {
            // What was asked for later is the same again, but for not being of a reflected schema.
            by_oid.entry(row.oid).or_insert_with(|| Arc::new(row));
        }
        Types {
            rows: by_oid,
            made: HashMap::new(),
            open: Vec::new(),
            cut: false,
        }
    }

    /// Returns the types that belong to the reflected schemas, whether anything uses them or not.
    pub(super) fn listed(&mut self, extensions: bool) -> Result<Vec<Arc<DataType>>> {
        let own = |row: &&Arc<TypeRow>| {
            row.listed
                && matches!(row.kind.0, b'e' | b'd' | b'r' | b'c')
                && (extensions || row.extension.is_none())
        };
        let oids: Vec<u32> = self.rows.values().filter(own).map(|row| row.oid).collect();
        let mut types = oids
            .into_iter()
            .map(|oid| self.get(oid, -1, None))
            .collect::<Result<Vec<_>>>()?;
        types.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(types)
    }

    /// Returns a type with a modifier (-1 is none), which `formatted` has where only the server can write it.
    pub(super) fn get(
        &mut self,
        oid: u32,
        modifier: i32,
        formatted: Option<&str>,
    ) -> Result<Arc<DataType>> {
        if let Some(made) = self.made.get(&(oid, modifier)) {
            return Ok(Arc::clone(made));
        }
        let made = match builtin::builtin(oid) {
            Some(kind) => self.builtin(&kind, modifier)?,
            None => self.own(oid, modifier, formatted)?,
        };
        let made = Arc::new(made);
        if !self.cut {
            self.made.insert((oid, modifier), Arc::clone(&made));
        }
        Ok(made)
    }

    /// Returns the collation that columns of a type have by default; zero is none.
    pub(super) fn collation(&self, oid: u32) -> u32 {
        match self.rows.get(&oid) {
            Some(row) => row.collation,
            None => builtin::collation(oid),
        }
    }

    /// Returns the type below all domains, by its OID.
    pub(super) fn base(&self, mut oid: u32) -> u32 {
        while let Some(row) = self.rows.get(&oid).filter(|row| row.kind.0 == b'd') {
            oid = row.base;
        }
        oid
    }

    fn builtin(&mut self, kind: &Type, modifier: i32) -> Result<DataType> {
        let detail = match builtin::element(kind) {
            Some(element) => builtin::modifier(element.oid(), modifier),
            None => builtin::modifier(kind.oid(), modifier),
        };
        let made_of = match kind.kind() {
            Kind::Array(element) => TypeKind::Array(self.get(element.oid(), modifier, None)?),
            Kind::Range(subtype) => TypeKind::Range(self.get(subtype.oid(), -1, None)?),
            Kind::Multirange(subtype) => TypeKind::Multirange(self.get(subtype.oid(), -1, None)?),
            Kind::Pseudo => TypeKind::Pseudo,
            _ => TypeKind::Base,
        };
        Ok(DataType {
            name: QualifiedName::new(kind.schema(), kind.name()),
            oid: kind.oid(),
            sql: builtin::sql(kind, detail),
            modifier: detail.filter(|_| !matches!(made_of, TypeKind::Array(_))),
            kind: made_of,
            comment: None,
            extension: None,
        })
    }

    fn own(&mut self, oid: u32, modifier: i32, formatted: Option<&str>) -> Result<DataType> {
        let row = self.rows.get(&oid).map(Arc::clone);
        let row = row.ok_or_else(|| Error::catalog(format!("type {oid} is not in pg_type")))?;
        let array = row.element != 0;
        Ok(DataType {
            name: QualifiedName::new(row.schema.as_str(), row.name.as_str()),
            oid,
            sql: formatted.unwrap_or(&row.formatted).to_owned(),
            modifier: builtin::modifier(oid, modifier).filter(|_| !array),
            kind: self.kind(&row, modifier, formatted)?,
            comment: row.comment.clone(),
            extension: row.extension.clone(),
        })
    }

    fn kind(&mut self, row: &TypeRow, modifier: i32, formatted: Option<&str>) -> Result<TypeKind> {
        if row.element != 0 {
            let element = formatted.and_then(|sql| sql.strip_suffix("[]"));
            return Ok(TypeKind::Array(self.get(row.element, modifier, element)?));
        }
        Ok(match row.kind.0 {
            b'e' => TypeKind::Enum(row.labels.clone().unwrap_or_default()),
            b'd' => TypeKind::Domain(self.domain(row)?),
            b'c' => TypeKind::Composite(self.fields(row)?),
            b'r' => TypeKind::Range(self.get(row.subtype.unwrap_or_default(), -1, None)?),
            b'm' => TypeKind::Multirange(self.get(row.subtype.unwrap_or_default(), -1, None)?),
            b'p' => TypeKind::Pseudo,
            _ => TypeKind::Base,
        })
    }

    fn domain(&mut self, row: &TypeRow) -> Result<Domain> {
        let names = row.check_names.iter().flatten();
        let expressions = row.check_expressions.iter().flatten();
        let validated = row.check_validated.iter().flatten();
        let mut checks: Vec<DomainCheck> = names
            .zip(expressions)
            .zip(validated)
            .map(|((name, expression), validated)| DomainCheck {
                name: name.clone(),
                expression: expression.clone(),
                validated: *validated,
            })
            .collect();
        checks.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(Domain {
            base: self.get(row.base, row.modifier, row.base_formatted.as_deref())?,
            not_null: row.not_null,
            default: row.default.clone(),
            checks,
        })
    }

    fn fields(&mut self, row: &TypeRow) -> Result<Vec<Field>> {
        if self.open.contains(&row.oid) {
            self.cut = true;
            return Ok(Vec::new());
        }
        self.open.push(row.oid);
        let names = row.field_names.iter().flatten();
        let types = row.field_types.iter().flatten();
        let modifiers = row.field_modifiers.iter().flatten();
        let formatted = row.field_formatted.iter().flatten();
        let fields = names
            .zip(types)
            .zip(modifiers.zip(formatted))
            .map(|((name, oid), (modifier, formatted))| {
                Ok(Field {
                    name: name.clone(),
                    data_type: self.get(*oid, *modifier, formatted.as_deref())?,
                })
            })
            .collect();
        self.open.pop();
        self.cut &= !self.open.is_empty();
        fields
    }
}
