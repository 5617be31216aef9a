//! What every test finds.

use aiodal::{BoxError, Session, Transaction};

struct Members;

#[aiodal::session]
impl Session for Members {
    async fn seed(tx: &mut Transaction) -> Result<(), BoxError> {
        tx.batch_execute("create schema app; create table app.member (name text primary key)")
            .await?;
        Ok(())
    }
}
