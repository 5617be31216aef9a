//! What a session database says of itself, in one round trip.

use aiodal_core::BoxError;
use futures_util::future::join;
use tokio_postgres::Client;

use super::managed::Managed;
use crate::janitor;

/// What a database says of itself.
pub(super) struct Inspection {
    pub(super) version: i32,
    pub(super) comment: Option<String>,
    /// Whether it is on a server of ours that is held, or has somebody who will drop it.
    pub(super) stays: bool,
}

const COMMENT: &str = "select shobj_description(oid, 'pg_database') from pg_database where datname = current_database()";

/// One round trip, and little of the catalog: each process of nextest pays for this.
pub(super) async fn inspect_ours(
    client: &Client,
    managed: &Managed,
) -> Result<Inspection, BoxError> {
    let (row, stays) = join(client.query_typed_one(COMMENT, &[]), managed.verify(client)).await;
    // Provisioning starts no version that is too old.
    Ok(Inspection {
        version: i32::MAX,
        comment: row?.get(0),
        stays: stays?,
    })
}

pub(super) async fn inspect_given(client: &Client) -> Result<Inspection, BoxError> {
    let sql = format!(
        "select current_setting('server_version_num')::int4, ({COMMENT}), exists \
         (select from pg_stat_activity where datname = current_database() and application_name = '{}')",
        janitor::NAME
    );
    let row = client.query_typed_one(&sql, &[]).await?;
    Ok(Inspection {
        version: row.get(0),
        comment: row.get(1),
        stays: row.get(2),
    })
}
