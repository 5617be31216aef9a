//! The connections that clones are owned, made and dropped by.

use std::fmt;
use std::sync::Arc;

use aiodal_core::DatabaseUrl;
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};

use crate::config::Config;
use crate::set_up::SetUpError;
use crate::template::Admin;

/// Three connections to a maintenance database, each made when it is first needed, and again when it is lost.
pub(super) struct Connections {
    pub(super) url: DatabaseUrl,
    config: Config,
    /// Owns the clones and marks them. Guards connecting, and is held through it.
    owner: Mutex<Option<Arc<Admin>>>,
    /// Makes them. Guards the work: one is made at a time.
    maker: Mutex<Option<Admin>>,
    /// Drops them. Guards connecting, and is held through it.
    dropper: Mutex<Option<Arc<Admin>>>,
}

impl Connections {
    pub(super) fn new(url: DatabaseUrl, config: Config) -> Connections {
        Connections {
            url,
            config,
            owner: Mutex::default(),
            maker: Mutex::default(),
            dropper: Mutex::default(),
        }
    }

    /// Returns the connection that owns this process's clones.
    ///
    /// # Errors
    ///
    /// The server can't be reached, refuses, or stays full.
    pub(super) async fn owner(&self) -> Result<Arc<Admin>, SetUpError> {
        self.shared(&self.owner).await
    }

    /// Returns the connection that drops.
    ///
    /// # Errors
    ///
    /// Like [`owner`](Connections::owner).
    pub(super) async fn dropper(&self) -> Result<Arc<Admin>, SetUpError> {
        self.shared(&self.dropper).await
    }

    /// Waits for the connection that makes clones.
    ///
    /// # Errors
    ///
    /// Like [`owner`](Connections::owner).
    pub(super) async fn maker(&self) -> Result<MappedMutexGuard<'_, Admin>, SetUpError> {
        let mut slot = self.maker.lock().await;
        if slot.as_ref().is_none_or(Admin::is_closed) {
            *slot = Some(self.connect().await?);
        }
        Ok(MutexGuard::map(slot, |slot| {
            slot.as_mut().expect("it has just been connected")
        }))
    }

    async fn shared(&self, slot: &Mutex<Option<Arc<Admin>>>) -> Result<Arc<Admin>, SetUpError> {
        let mut slot = slot.lock().await;
        if let Some(admin) = slot.as_ref().filter(|admin| !admin.is_closed()) {
            return Ok(admin.clone());
        }
        let admin = Arc::new(self.connect().await?);
        *slot = Some(admin.clone());
        Ok(admin)
    }

    async fn connect(&self) -> Result<Admin, SetUpError> {
        Admin::connect_patiently(&self.url, &self.config).await
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
