//! What to say of a name that means nothing.

use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::error::{Error, Missing};
use crate::nearest::nearest;
use crate::schema::NameRef;

/// Makes the error of a relation that was not found, with those that are near.
pub(super) async fn missed(client: &Client, name: NameRef<'_>) -> Error {
    let readings = match name.readings() {
        Ok(readings) => readings,
        Err(error) => return error,
    };
    let reading = readings.first();
    let schema = reading.and_then(|reading| reading.schema.as_deref());
    let sql = "select n.nspname::pg_catalog.text, c.relname::pg_catalog.text \
        from pg_catalog.pg_namespace n \
        left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'p', 'v', 'm', 'f') \
        where n.nspname = $1 or ($1 is null and n.nspname = any (pg_catalog.current_schemas(false)))";
    let rows = match client.query_typed(sql, &[(&schema, Type::TEXT)]).await {
        Ok(rows) => rows,
        Err(error) => return Error::reflection("the names of relations", error),
    };
    let mut schemas: Vec<&str> = rows.iter().map(|row| row.get(0)).collect();
    schemas.sort_unstable();
    schemas.dedup();
    let relations = rows.iter().filter_map(|row| row.get::<_, Option<&str>>(1));
    let near = nearest(reading.map_or("", |reading| &reading.name), relations);
    let place = match (schema, schemas.as_slice()) {
        (Some(schema), []) => format!("\"{schema}\", which is no schema of this database"),
        (None, []) => "the search path, which names no schema that exists".to_owned(),
        (_, schemas) => schemas.join(", "),
    };
    Error::missing(Missing {
        what: "table",
        name: name.text(),
        place,
        near: super::quoted(near),
    })
}
