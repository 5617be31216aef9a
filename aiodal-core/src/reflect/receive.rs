//! The floor of a reflection, for benches: what has to be sent and received, and nothing made of it.

use futures_util::future::{join, join_all, join3};
use tokio_postgres::types::{ToSql, Type};

use super::catalog::{self, Chosen, Scope};
use super::{Bracket, Reflect, version_of};
use crate::error::{Error, Result};
use crate::transaction::Transaction;

/// Receives what a reflection of the whole receives, and returns how many rows it was.
///
/// # Errors
///
/// As for [`Schema::reflect`](crate::Schema::reflect).
#[doc(hidden)]
pub async fn receive_only(tx: &Transaction, options: &Reflect) -> Result<usize> {
    let lane = tx.lane();
    let client = lane.held().client();
    let failed = |error| Error::reflection("the schema", error);
    let received = lane.unobserved(async {
        let scope = Scope {
            options,
            chosen: Chosen::Schemas,
            version: version_of(lane.held()).await?,
        };
        let schemas: (&(dyn ToSql + Sync), Type) = (&options.schemas, Type::TEXT_ARRAY);
        let bracket = Bracket::Savepoint;
        let open = format!("{}; {}", bracket.open(), catalog::ASIDE);
        let namespaces = catalog::namespaces(options);
        let params = [schemas];
        let statements = [
            catalog::relations(scope),
            catalog::columns(scope),
            catalog::constraints(scope),
            catalog::indexes(scope),
            catalog::operator_classes(scope),
            catalog::parents(scope),
            catalog::sequences(scope),
            catalog::types(scope, options.functions),
            catalog::comments(scope),
            catalog::extensions(scope),
            catalog::functions(scope),
        ];
        let ask = statements.iter().map(|sql| client.query_typed(sql, &[]));
        let (opened, (chosen, answers), closed) = join3(
            client.batch_execute(&open),
            join(client.query_typed(&namespaces, &params), join_all(ask)),
            client.batch_execute(bracket.close()),
        )
        .await;
        opened.and(closed).map_err(failed)?;
        let mut count = chosen.map_err(failed)?.len();
        for answer in answers {
            count += answer.map_err(failed)?.len();
        }
        Ok(count)
    });
    received.await?
}
