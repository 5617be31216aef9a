//! A session that has begun, and may not be of the kind that was asked for.

use std::sync::Arc;

use tokio_postgres::Client;

use super::address::Address;
use super::cancel::CancelToken;
use super::failure::Failure;
use super::tap::Watch;
use crate::config::SessionAttrs;

/// A connection of which it isn't known yet whether it is the wanted kind.
pub(super) struct Connected {
    pub(super) client: Client,
    pub(super) cancel: CancelToken,
    pub(super) watch: Arc<Watch>,
    pub(super) version: Option<u32>,
    /// What a server of version 14 or newer reports by itself.
    pub(super) read_only: Option<String>,
    pub(super) standby: Option<String>,
}

impl Connected {
    /// Sees whether it is, by what the server reports or else by asking.
    pub(super) async fn check(
        &mut self,
        attrs: SessionAttrs,
        address: &Address,
    ) -> Result<(), Failure> {
        if attrs == SessionAttrs::Any {
            return Ok(());
        }
        if self.read_only.is_none() || self.standby.is_none() {
            let sql = "select current_setting('default_transaction_read_only'), \
                       case when pg_is_in_recovery() then 'on' else 'off' end";
            let asked = self.client.query_typed_one(sql, &[]).await;
            let row = asked.map_err(|error| {
                Failure::of(
                    format!("the server at {address} does not say what it is"),
                    error.into(),
                )
            })?;
            (self.read_only, self.standby) = (row.get(0), row.get(1));
        }
        let on = |setting: &Option<String>| setting.as_deref() == Some("on");
        let (read_only, standby) = (on(&self.read_only), on(&self.standby));
        let problem = match attrs {
            SessionAttrs::ReadWrite if read_only || standby => "takes no writes",
            SessionAttrs::ReadOnly if !read_only && !standby => "takes writes",
            SessionAttrs::Primary if standby => "is a standby",
            SessionAttrs::Standby if !standby => "is no standby",
            _ => return Ok(()),
        };
        Err(Failure::unfit(address, problem))
    }
}
