//! Names that were given, and what to say of one that means nothing.

use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use super::catalog;
use super::options::Reflect;
use super::rows::{FromCatalog, Listed, Names};
use crate::error::{Error, Result};
use crate::ident::quote_ident;
use crate::schema::{NameRef, QualifiedName, Reading, Schema};

/// Says that [`table`](super::table) has found nothing, and what is near.
pub(super) async fn no_table(client: &Client, name: NameRef<'_>) -> Error {
    let readings = match name.readings() {
        Ok(readings) => readings,
        Err(error) => return error,
    };
    let within: Vec<String> = readings
        .iter()
        .filter_map(|reading| reading.schema.clone())
        .collect();
    let answer = client
        .query_typed_one(catalog::NAMES, &[(&within, Type::TEXT_ARRAY)])
        .await
        .and_then(|row| Names::read(&row));
    let Names {
        search_path,
        schemas,
        relations,
    } = match answer {
        Ok(names) => names,
        Err(error) => return Error::reflection("the names of tables", error),
    };
    let pairs = schemas.into_iter().flatten();
    let pairs = pairs.zip(relations.into_iter().flatten());
    let all: Vec<QualifiedName> = pairs
        .map(|(schema, name)| QualifiedName { schema, name })
        .collect();
    let mut places = if within.is_empty() {
        search_path.clone()
    } else {
        within
    };
    places.dedup();
    let looked_in = Schema {
        schemas: places,
        search_path,
        ..Schema::default()
    };
    looked_in.missed("table", name, &readings, all.iter())
}

/// Writes what a name may mean as SQL, but for what no relation is called.
pub(super) fn sql(name: NameRef<'_>) -> Result<Vec<String>> {
    let write = |Reading { schema, name }: Reading| {
        let name = quote_ident(&name).ok()?;
        match schema {
            Some(schema) => Some(format!("{}.{name}", quote_ident(&schema).ok()?)),
            None => Some(name),
        }
    };
    Ok(name.readings()?.into_iter().filter_map(write).collect())
}

pub(super) fn quoted(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| format!("\"{name}\"")).collect()
}

/// Names to be found by the server: parallel arrays, a row for each reading of each.
#[derive(Default)]
pub(super) struct Wanted {
    asked: Vec<i32>,
    readings: Vec<i32>,
    schemas: Vec<Option<String>>,
    names: Vec<String>,
    count: i32,
}

impl Wanted {
    pub(super) fn add(&mut self, name: NameRef<'_>) -> Result<()> {
        // The server would cut a longer name, and find another one.
        const LONGEST: usize = 63;
        let readings = name.readings()?;
        for (reading, Reading { schema, name }) in (0..).zip(readings) {
            if name.len() <= LONGEST {
                self.asked.push(self.count);
                self.readings.push(reading);
                self.schemas.push(schema);
                self.names.push(name);
            }
        }
        self.count += 1;
        Ok(())
    }

    pub(super) fn params(&self) -> Vec<(&(dyn ToSql + Sync), Type)> {
        vec![
            (&self.asked, Type::INT4_ARRAY),
            (&self.readings, Type::INT4_ARRAY),
            (&self.schemas, Type::TEXT_ARRAY),
            (&self.names, Type::TEXT_ARRAY),
        ]
    }

    /// Returns the first name that means nothing.
    pub(super) fn missed<'a>(&self, listed: &Listed, options: &'a Reflect) -> Option<&'a str> {
        let only = options.only.as_deref().unwrap_or_default();
        let missed = |at: &usize| {
            let at = i32::try_from(*at).unwrap_or_default();
            listed.missed.contains(&at) || !self.asked.contains(&at)
        };
        (0..only.len()).find(missed).map(|at| only[at].as_str())
    }
}
