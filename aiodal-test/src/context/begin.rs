//! How a test gets its database.
//!
//! Each argument of a test begins with this. Futures that few tests need are boxed, so that the others don't carry them:
//! a test has a thread of its own, whose stack is touched for the first time as far as its futures reach.

use std::sync::Arc;

use aiodal_core::DataAccessLayer;

use super::Context;
use super::held::{Database, Held, Leased, Lent};
use crate::ambient::OfTest;
use crate::case::Flavor;
use crate::database::OwnDatabase;
use crate::fixture::{Clients, Layers};
use crate::isolation::Isolation;
use crate::journal::Journal;
use crate::locks::{Watched, application_name};
use crate::notices;
use crate::rollback::{Lease, Modes, begin};
use crate::sandbox::{Opening, SandboxLease};
use crate::session::{Place, Session, Slot, Ticket};
use crate::set_up::SetUpError;
use crate::sql_fixture::run_sql_fixtures;

impl Context {
    /// Gets the test its database, unless an argument before has.
    pub(super) async fn begin(&self) -> Result<(), SetUpError> {
        if self.held().is_some() {
            return Ok(());
        }
        Box::pin(self.set_up_database()).await
    }

    async fn set_up_database(&self) -> Result<(), SetUpError> {
        let case = &self.0.case;
        let session = self.session();
        // Whether there is one or not: what it has to say may be the reason.
        notices::print();
        let session = session?;
        let layers = self.0.requirements.borrow().layers.clone();
        let journal = Arc::new(Journal::new(case, &session.config));
        let isolation = case.isolation.unwrap_or(session.config.isolation);
        if let Some(log) = session.config.log_test(case) {
            eprintln!("aiodal: {log}");
        }
        let (place, database) = if isolation == Isolation::Database {
            Box::pin(self.take_database_of_its_own(session, &layers, journal)).await?
        } else {
            let modes = Modes {
                level: case.isolation_level,
                read_only: isolation == Isolation::None,
            };
            let checked_out = session.checkout(case, &layers).await;
            notices::print();
            let (place, slot, ticket) = checked_out?;
            let lent = self.lend(session, &place, (slot, ticket), modes, &journal)?;
            (place, Database::Lent(lent))
        };
        let is_lent = matches!(database, Database::Lent(_));
        let ambient = self.0.ambient.get().then(|| match &database {
            Database::Own(own) => OfTest::here(&own.ambient(case)),
            Database::Lent(Lent {
                lease: Leased::Sandbox(lease),
                ..
            }) => OfTest::here(lease.sandbox().ambient()),
            Database::Lent(_) => unreachable!("a sandbox is required with it"),
        });
        *self.held() = Some(Held {
            session,
            place,
            database,
            ambient,
        });
        if is_lent && session.hooks().begins() {
            Box::pin(async {
                let mut begun = self.transaction(false).await?;
                session.hooks().begin(&mut begun).await
            })
            .await?;
        }
        if case.sql_fixtures.is_empty() {
            return Ok(());
        }
        Box::pin(async {
            let tx = self.transaction(false).await?;
            run_sql_fixtures(case, &tx).await
        })
        .await
    }

    async fn take_database_of_its_own(
        &self,
        session: &'static Session,
        layers: &Layers,
        journal: Arc<Journal>,
    ) -> Result<(Arc<Place>, Database), SetUpError> {
        let place = session.place(layers);
        notices::print();
        let place = place?;
        let own = OwnDatabase::take(session, &place, &self.0.case, journal).await?;
        Ok((place, Database::Own(Box::new(own))))
    }

    /// Begins the test's transaction on a connection.
    fn lend(
        &self,
        session: &'static Session,
        place: &Place,
        (slot, ticket): (Slot, Ticket),
        modes: Modes,
        journal: &Arc<Journal>,
    ) -> Result<Lent, SetUpError> {
        let case = &self.0.case;
        let dal = session
            .hooks()
            .data_access_layer(DataAccessLayer::builder());
        let first = dal.pool_options().on_connect_sql();
        let sandbox = self.0.requirements.borrow().sandbox;
        let begin = begin(modes, &application_name(case), first, sandbox.is_some());
        let owner = format!("test {}", case.name);
        let lease = if let Some(clients) = sandbox {
            let opening = Opening {
                begin: &begin,
                owner,
                place,
                journal: journal.clone(),
                dal,
                session: &session.runtime,
                patience: case.sandbox_wait.unwrap_or(session.config.sandbox_wait),
                on_test: case.flavor == Flavor::CurrentThread
                    && !case.start_paused
                    && (clients == Clients::Runtime || !self.0.ambient.get()),
            };
            SandboxLease::begin(slot, opening).map(|lease| Leased::Sandbox(Box::new(lease)))
        } else {
            Lease::begin(slot, &begin, &owner, journal.clone(), dal, &place.schema)
                .map(|lease| Leased::Direct(Box::new(lease)))
        };
        let lease = lease.map_err(|error| {
            SetUpError::caused("failed to drive a connection on the test's runtime", &error)
        })?;
        let watched = match &lease {
            Leased::Direct(lease) => {
                let lane = lease.lane().clone();
                Watched::new(*case, &place.url, journal, move || lane.has_begun())
            }
            Leased::Sandbox(lease) => Watched::new(*case, &place.url, journal, lease.began()),
        };
        Ok(Lent {
            watching: session.locks.watch(watched),
            lease,
            read_only: modes.read_only,
            ticket,
        })
    }
}
