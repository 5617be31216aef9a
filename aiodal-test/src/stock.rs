//! The clones of a template that this process has: some ready before a test asks, the others made when it does.
//!
//! All of it runs on the session's runtime, over three connections at most: one that owns the clones (their locks) and
//! marks them, one that makes them and one that drops them, so that nothing quick waits for something slow. A spare clone
//! outlives its maker: under nextest, a process per test, each finds one that a process before it has left.

mod connections;
mod shelf;

use std::fmt;
use std::pin::pin;
use std::sync::{Arc, MutexGuard, PoisonError};

use aiodal_core::DatabaseUrl;
use futures_util::future::{Either, select};
use tokio::runtime::Handle;
use tokio::sync::Mutex;

use self::connections::Connections;
use self::shelf::Shelf;
use crate::config::Config;
use crate::session::tests_at_a_time;
use crate::set_up::SetUpError;
use crate::template::{Admin, FoundClone, KEPT, State, TAKEN, Template};

/// How many databases are kept at most: a run in which everything fails must not fill the disk.
const MOST_KEPT: usize = 16;

/// How many clones without an owner a process of one test leaves to others: most are being dropped by the process that
/// ended before it.
const BEING_DROPPED: usize = 8;

/// The stocks of a session, one for each template, and the connections that they share.
#[derive(Debug, Default)]
pub(crate) struct Stocks(Vec<Arc<Stock>>);

/// The clones of a template.
pub(crate) struct Stock {
    template: Template,
    runtime: Handle,
    connections: Arc<Connections>,
    /// The connection through which the shelf was filled. Guards filling it, and is held through that.
    stocked: Mutex<Option<Arc<Admin>>>,
    shelf: std::sync::Mutex<Shelf>,
}

/// A clone that a test has.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) name: String,
    number: u32,
    owner: Arc<Admin>,
}

impl Stocks {
    /// Returns the stock of a template; `url` is a maintenance database of its server.
    pub(crate) fn of(
        &mut self,
        template: Template,
        url: DatabaseUrl,
        config: &Config,
        runtime: &Handle,
    ) -> Arc<Stock> {
        let known = self.0.iter();
        let on_server = known.filter(|stock| stock.connections.url == url);
        let mut connections = None;
        for stock in on_server {
            if stock.template == template {
                return stock.clone();
            }
            connections = Some(stock.connections.clone());
        }
        let stock = Arc::new(Stock {
            template,
            runtime: runtime.clone(),
            connections: connections
                .unwrap_or_else(|| Arc::new(Connections::new(url, config.clone()))),
            stocked: Mutex::default(),
            shelf: std::sync::Mutex::default(),
        });
        self.0.push(stock.clone());
        stock
    }
}

impl Stock {
    /// Takes a clone for a test: a spare one if there is one. On the session's runtime.
    ///
    /// # Errors
    ///
    /// What the server refused.
    pub(crate) async fn take(self: &Arc<Self>, test: &str) -> Result<Taken, SetUpError> {
        let owner = self.owner().await?;
        let mark = format!("{TAKEN}{test}");
        let kept = self.shelf().kept(test);
        for clone in kept {
            // Should the process end before it is dropped, nobody is to take it for one that is still looked at.
            let _gone_already = owner.mark(&clone.name, &mark).await;
            self.drop_in_background(owner.clone(), clone);
        }
        let taken = match self.ready(&owner, &mark).await? {
            Some(taken) => taken,
            None => self.make(owner, &mark).await?,
        };
        self.shelf().taken();
        self.fill_in_background();
        Ok(taken)
    }

    /// Leaves a test's clone to be looked at.
    ///
    /// # Errors
    ///
    /// What the server refused.
    pub(crate) async fn keep(self: &Arc<Self>, taken: Taken, test: &str) -> Result<(), SetUpError> {
        let Taken {
            name,
            number,
            owner,
        } = taken;
        owner.mark(&name, &format!("{KEPT}{test}")).await?;
        owner.disown(number).await?;
        let kept: Vec<_> = owner
            .clones()
            .await?
            .into_iter()
            .filter(|clone| {
                clone.is_of(&self.template.name) && matches!(clone.state, State::Kept(_))
            })
            .collect();
        let too_many = kept.len().saturating_sub(MOST_KEPT);
        for oldest in kept.into_iter().take(too_many) {
            self.drop_in_background(owner.clone(), oldest);
        }
        Ok(())
    }

    /// Drops a test's clone. Returns when it has been seen to that it will be dropped, even if this process ends now.
    pub(crate) async fn drop_taken(self: &Arc<Self>, taken: Taken) {
        let stock = self.clone();
        if !is_one_test_per_process() {
            // Whatever the end of the process cuts off is dropped by whoever starts next.
            self.runtime.spawn(async move {
                if let Ok(dropper) = stock.connections.worker().await {
                    let _swept_later = dropper.drop_clone(&taken.name).await;
                }
                let _lost = taken.owner.disown(taken.number).await;
            });
            return;
        }
        // Its connection has nothing else to do any more.
        let owner = taken.owner.clone();
        let dropping = Box::pin(async move {
            let _swept_later = taken.owner.force_drop_clone(&taken.name).await;
            let _lost = taken.owner.disown(taken.number).await;
        });
        // Polled in this order, all of it is sent by the time that the first is answered.
        if let Either::Left((_, dropping)) = select(pin!(owner.settled()), dropping).await {
            self.runtime.spawn(dropping);
        }
    }

    /// Returns a clone that was made ahead of the demand, by this process or by one that is gone.
    async fn ready(&self, owner: &Arc<Admin>, mark: &str) -> Result<Option<Taken>, SetUpError> {
        if let Some(spare) = self.spare() {
            return Taken::mark(owner.clone(), spare, mark).await.map(Some);
        }
        while let Some(clone) = self.adoptable() {
            if owner.adopt(&clone).await? {
                let adopted = (clone.name, clone.number);
                return Taken::mark(owner.clone(), adopted, mark).await.map(Some);
            }
        }
        Ok(None)
    }

    async fn make(&self, owner: Arc<Admin>, mark: &str) -> Result<Taken, SetUpError> {
        let maker = self.connections.worker().await?;
        // While this one waited, another may have been made.
        let made = match self.spare() {
            Some(spare) => spare,
            None => owner.make_clone(&maker, &self.template).await?,
        };
        drop(maker);
        Taken::mark(owner, made, mark).await
    }

    /// Makes spare clones until there are enough of them.
    fn fill_in_background(self: &Arc<Self>) {
        if std::mem::replace(&mut self.shelf().filling, true) {
            return;
        }
        let stock = self.clone();
        self.runtime.spawn(async move {
            // Whatever goes wrong here goes wrong again where a test waits for it, and is told there.
            let _told_there = stock.fill().await;
            stock.shelf().filling = false;
        });
    }

    async fn fill(self: &Arc<Self>) -> Result<(), SetUpError> {
        let tests = tests_at_a_time();
        while self.shelf().wants_more(tests) {
            let owner = self.owner().await?;
            let maker = self.connections.worker().await?;
            if self.shelf().bytes.is_none() {
                let bytes = maker.size_of(&self.template.source).await?;
                self.shelf().bytes = Some(bytes);
                continue;
            }
            let (name, number) = owner.make_clone(&maker, &self.template).await?;
            self.shelf().put(name, number);
        }
        Ok(())
    }

    fn drop_in_background(self: &Arc<Self>, owner: Arc<Admin>, clone: FoundClone) {
        let stock = self.clone();
        self.runtime.spawn(async move {
            // By the lock of the owner, so that the work may be done by another connection.
            if let (Ok(true), Ok(dropper)) = (
                owner.own(clone.number).await,
                stock.connections.worker().await,
            ) {
                let _swept_later = dropper.drop_clone(&clone.name).await;
                let _lost = owner.disown(clone.number).await;
            }
        });
    }

    /// Returns the connection that owns this process's clones, once it is known which there are.
    async fn owner(self: &Arc<Self>) -> Result<Arc<Admin>, SetUpError> {
        let owner = self.connections.owner().await?;
        let mut stocked = self.stocked.lock().await;
        if stocked.as_ref().is_some_and(|by| Arc::ptr_eq(by, &owner)) {
            return Ok(owner);
        }
        let found = owner.clones().await?;
        let abandoned = self.shelf().take_stock(found, &self.template.name);
        let spared = if is_one_test_per_process() {
            BEING_DROPPED
        } else {
            0
        };
        if abandoned.len() > spared {
            for clone in abandoned {
                self.drop_in_background(owner.clone(), clone);
            }
        }
        *stocked = Some(owner.clone());
        Ok(owner)
    }

    fn spare(&self) -> Option<(String, u32)> {
        self.shelf().spare()
    }

    fn adoptable(&self) -> Option<FoundClone> {
        self.shelf().adoptable()
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    /// Marks a clone as taken: from now on nobody adopts it.
    async fn mark(
        owner: Arc<Admin>,
        (name, number): (String, u32),
        mark: &str,
    ) -> Result<Taken, SetUpError> {
        owner.mark(&name, mark).await?;
        Ok(Taken {
            name,
            number,
            owner,
        })
    }
}

/// Says whether this process ends with its test, as nextest has it.
fn is_one_test_per_process() -> bool {
    std::env::var_os("NEXTEST_EXECUTION_MODE").is_some_and(|mode| mode == "process-per-test")
}

impl fmt::Debug for Stock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stock")
            .field("template", &self.template)
            .finish_non_exhaustive()
    }
}
