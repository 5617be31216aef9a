//! What the arguments of a test are made of.

use std::sync::Arc;

use aiodal_core::{DataAccessLayer, DatabaseUrl, Pool, Transaction};

use super::Context;
use super::held::{Database, Leased, Lent};
use crate::fixture::SessionContext;
use crate::sandbox::Sandbox;
use crate::session::Session;
use crate::set_up::SetUpError;
use crate::template::Values;

impl Context {
    /// Returns the test's transaction: on loan, except in a database of the test's own if it is the test itself that asks.
    pub(crate) async fn transaction(&self, by_test: bool) -> Result<Transaction, SetUpError> {
        self.begin().await?;
        let sandbox = match &self.given().database {
            Database::Lent(Lent {
                lease: Leased::Direct(lease),
                ..
            }) => return Ok(lease.transaction()),
            Database::Lent(Lent {
                lease: Leased::Sandbox(lease),
                ..
            }) => Some(lease.own()),
            Database::Own(_) => None,
        };
        match sandbox {
            Some(own) => Box::pin(async move { own.transaction().await }).await,
            None => Box::pin(self.transaction_of_its_own(by_test)).await,
        }
    }

    /// The same in a database of the test's own.
    async fn transaction_of_its_own(&self, by_test: bool) -> Result<Transaction, SetUpError> {
        let dal = self.data_access_layer().await?;
        let begun = match &mut self.given().database {
            Database::Own(own) => own.transaction(by_test),
            Database::Lent(_) => None,
        };
        if let Some(begun) = begun {
            return Ok(begun);
        }
        let begun = dal.transaction().await.map_err(|error| {
            SetUpError::caused(
                "failed to begin a transaction in the test's database",
                &error,
            )
        })?;
        Ok(match &mut self.given().database {
            Database::Own(own) => own.begun(begun, by_test),
            Database::Lent(_) => begun,
        })
    }

    /// Returns the test's data access layer: one whose transactions are nested in the test's, or one with a pool.
    pub(crate) async fn data_access_layer(&self) -> Result<DataAccessLayer, SetUpError> {
        self.begin().await?;
        let opening = match &self.given().database {
            Database::Lent(Lent {
                lease: Leased::Direct(lease),
                ..
            }) => return Ok(lease.dal().clone()),
            Database::Lent(Lent {
                lease: Leased::Sandbox(lease),
                ..
            }) => Err(lease.sandbox()),
            Database::Own(own) => match own.dal() {
                Some(open) => return Ok(open),
                None => Ok(own.opening()),
            },
        };
        let opening = match opening {
            Ok(opening) => opening,
            Err(sandbox) => return Box::pin(async move { sandbox.dal().await }).await,
        };
        let dal = Box::pin(opening.open(&self.0.case)).await?;
        if let Database::Own(own) = &mut self.given().database {
            own.opened(&dal);
        }
        Ok(dal)
    }

    /// Returns the test's sandbox.
    pub(crate) async fn sandbox(&self) -> Result<Sandbox, SetUpError> {
        self.begin().await?;
        match &self.given().database {
            Database::Lent(Lent {
                lease: Leased::Sandbox(lease),
                ..
            }) => Ok(lease.sandbox()),
            Database::Lent(_) => unreachable!("the plan has asked for one"),
            Database::Own(_) => Err(SetUpError::new(
                "a test with a database of its own has no sandbox",
                "whoever connects to that database commits, and nobody else sees it\n\
                 take `&aiodal::DatabaseUrl`, an `aiodal::Pool` or a `DataAccessLayer`",
            )),
        }
    }

    /// Returns a pool of connections: to the sandbox, or to the test's own database.
    pub(crate) async fn pool(&self) -> Result<Pool, SetUpError> {
        self.begin().await?;
        let opening = match &self.given().database {
            Database::Own(own) => Some(own.opening()),
            Database::Lent(_) => None,
        };
        match opening {
            Some(opening) => Box::pin(opening.pool(&self.0.case)).await,
            None => self.sandbox().await?.pool().await,
        }
    }

    /// Returns where the test's own database is.
    pub(crate) async fn database_url(&self) -> Result<DatabaseUrl, SetUpError> {
        self.begin().await?;
        match &self.given().database {
            Database::Own(own) => Ok(own.url.clone()),
            Database::Lent(_) => Err(SetUpError::new(
                "a test in a transaction has no database that others could connect to",
                "whoever connects sees nothing of what the test writes\n\
                 it takes a database of its own: #[aiodal::test(isolation = \"database\")]",
            )),
        }
    }

    /// Returns the values of the layers that the test's database is on.
    pub(crate) async fn layer_values(&self) -> Result<Arc<Values>, SetUpError> {
        self.begin().await?;
        Ok(self.given().place.values.clone())
    }

    /// Returns the session.
    pub(crate) fn session(&self) -> Result<&'static Session, SetUpError> {
        match self.0.session.get() {
            Some(session) => Ok(session),
            None => Session::get(&self.0.case),
        }
    }

    /// Returns the session as a fixture of it sees it, with as much of it as that needs.
    pub(crate) async fn of_session(
        &self,
        session: bool,
        layers: bool,
    ) -> Result<SessionContext, SetUpError> {
        let session = if session { Some(self.session()?) } else { None };
        let layers = if layers {
            self.layer_values().await?
        } else {
            Arc::default()
        };
        // The limit of one test says nothing about what many share.
        let limit = session.and_then(|session| session.config.timeout);
        Ok(SessionContext::new(session, layers, limit))
    }
}
