//! Reflection, fact by fact, of a schema that holds everything.

use aiodal::{Reflect, Schema, Transaction};

const KITCHEN_SINK: &str = include_str!("kitchen_sink.sql");

async fn sink(tx: &Transaction, options: Reflect) -> aiodal::Result<Schema> {
    tx.batch_execute(KITCHEN_SINK).await?;
    Schema::reflect(tx, &options).await
}

#[aiodal::test]
async fn smoke(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx, Reflect::new()).await?;
    println!("{schema:#?}");
    Ok(())
}
