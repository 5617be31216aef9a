//! stub
use crate::config::Config;
use crate::set_up::SetUpError;
use aiodal_core::{BoxError, DatabaseUrl};
pub(crate) struct Managed;
impl Managed {
    pub(crate) async fn find(_: &Config) -> Result<Managed, SetUpError> {
        Err(SetUpError::new("no managed server yet", ""))
    }
    pub(crate) fn url(&self) -> DatabaseUrl {
        unreachable!()
    }
    pub(crate) async fn verify(&self, _: &tokio_postgres::Client) -> Result<bool, BoxError> {
        unreachable!()
    }
}
