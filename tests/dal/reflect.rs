//! Reflection, fact by fact, of a schema that holds everything.

mod columns;
mod indexes;
mod keys;
mod lookups;
mod options;
mod partitions;

mod functions;
mod transactions;
mod types;
mod versions;

use aiodal::schema::{Column, DataType, QualifiedName, Table};
use aiodal::{Reflect, Schema, Transaction};

const KITCHEN_SINK: &str = include_str!("kitchen_sink.sql");

/// Makes everything, in two schemas that are the search path, and reflects them.
async fn sink(tx: &Transaction) -> aiodal::Result<Schema> {
    make_sink(tx).await?;
    Schema::reflect(tx, &Reflect::new().partitions(true)).await
}

async fn make_sink(tx: &Transaction) -> aiodal::Result<()> {
    tx.batch_execute(KITCHEN_SINK).await
}

fn name(schema: &str, name: &str) -> QualifiedName {
    QualifiedName::new(schema, name)
}

fn column<'a>(table: &'a Table, name: &str) -> &'a Column {
    table.column(name).unwrap_or_else(|error| panic!("{error}"))
}

fn type_of<'a>(table: &'a Table, name: &str) -> &'a DataType {
    &column(table, name).data_type
}

pub(crate) async fn version(tx: &Transaction) -> aiodal::Result<u32> {
    let sql = "select current_setting('server_version_num')::int";
    let version: i32 = tx.query_one(sql, &[]).await?.get(0);
    Ok(version.cast_unsigned())
}
