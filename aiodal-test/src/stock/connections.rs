//! The connections that clones are owned, made and dropped by.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, MutexGuard, PoisonError};

use aiodal_core::DatabaseUrl;
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};

use crate::config::Config;
use crate::set_up::SetUpError;
use crate::template::Admin;

/// How many clones are made or dropped at a time: one waits for the server's checkpoint most of the time, and those of
/// several are one.
const WORKERS: usize = 4;

/// Connections to a maintenance database, each made when it is first needed, and again when it is lost.
pub(super) struct Connections {
    pub(super) url: DatabaseUrl,
    config: Config,
    /// Owns the clones and marks them. Guards connecting, and is held through it.
    owner: Mutex<Option<Arc<Admin>>>,
    /// Bounds the workers, idle or not.
    workers: Semaphore,
    /// Workers that have nothing to do.
    idle: std::sync::Mutex<Vec<Admin>>,
}

/// A connection that makes or drops a clone, idle again when this is dropped.
pub(super) struct Worker<'a> {
    admin: Option<Admin>,
    home: &'a Connections,
    _permit: SemaphorePermit<'a>,
}

impl Connections {
    pub(super) fn new(url: DatabaseUrl, config: Config) -> Connections {
        Connections {
            url,
            config,
            owner: Mutex::default(),
            workers: Semaphore::new(WORKERS),
            idle: std::sync::Mutex::default(),
        }
    }

    /// Returns the connection that owns this process's clones.
    ///
    /// # Errors
    ///
    /// The server can't be reached, refuses, or stays full.
    pub(super) async fn owner(&self) -> Result<Arc<Admin>, SetUpError> {
        let mut slot = self.owner.lock().await;
        if let Some(admin) = slot.as_ref().filter(|admin| !admin.is_closed()) {
            return Ok(admin.clone());
        }
        let admin = Arc::new(self.connect().await?);
        *slot = Some(admin.clone());
        Ok(admin)
    }

    /// Waits for a connection that makes or drops clones.
    ///
    /// # Errors
    ///
    /// Like [`owner`](Connections::owner).
    pub(super) async fn worker(&self) -> Result<Worker<'_>, SetUpError> {
        let permit = self.workers.acquire().await;
        let permit = permit.expect("the semaphore is never closed");
        let idle = self.idle().pop().filter(|admin| !admin.is_closed());
        let admin = match idle {
            Some(admin) => admin,
            None => self.connect().await?,
        };
        Ok(Worker {
            admin: Some(admin),
            home: self,
            _permit: permit,
        })
    }

    async fn connect(&self) -> Result<Admin, SetUpError> {
        Admin::connect_patiently(&self.url, &self.config).await
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Admin>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deref for Worker<'_> {
    type Target = Admin;

    fn deref(&self) -> &Admin {
        self.admin.as_ref().expect("it is there until the drop")
    }
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        self.home.idle().extend(self.admin.take());
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
