//! The databases that a session's tests run in: one for each set of layers that a test asks for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::place::Place;
use crate::fixture::Layers;
use crate::set_up::SetUpError;

/// How many times the connections that tests can use at once the places of a session may have open, before those that are
/// idle in one are closed for another.
const MANY: u32 = 3;

/// The places of a session, each opened by the first test that needs it.
#[derive(Default)]
pub(crate) struct Places {
    /// Guards the map only: a place is opened within its own cell, so that tests of one need not wait for another.
    opened: Mutex<BTreeMap<Layers, Arc<Opened>>>,
}

/// A place that is opened once, or why it can't be.
type Opened = OnceLock<Result<Current, SetUpError>>;

/// Where tests of a set of layers run now. Guards the replacement of a database that a test has committed to.
type Current = Mutex<Arc<Place>>;

impl Places {
    /// Returns the place of a set of layers, opening it if this test is the first to ask.
    ///
    /// # Errors
    ///
    /// Why it could not be opened: the same for every test that asks.
    pub(crate) fn get_or_open(
        &self,
        layers: &Layers,
        open: impl FnOnce() -> Result<Place, SetUpError>,
    ) -> Result<Arc<Place>, SetUpError> {
        let opened = self.opened(layers);
        let current = opened.get_or_init(|| {
            let place = open().map_err(SetUpError::shared)?;
            Ok(Mutex::new(Arc::new(place)))
        });
        let current = current.as_ref().map_err(Clone::clone)?;
        Ok(current
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone())
    }

    /// Puts another in place of one that a test has committed to, unless somebody has already.
    pub(crate) fn replace(&self, layers: &Layers, tainted: &Arc<Place>, fresh: Place) {
        let opened = self.opened(layers);
        if let Some(Ok(current)) = opened.get() {
            let mut current = current.lock().unwrap_or_else(PoisonError::into_inner);
            if Arc::ptr_eq(&current, tainted) {
                *current = Arc::new(fresh);
            }
        }
    }

    /// Returns a place with an idle connection to spare, if all places together have many times what tests can use at once:
    /// what each has kept idle, another might lack.
    pub(crate) fn surplus(&self, wanting: &Arc<Place>) -> Option<Arc<Place>> {
        let places: Vec<_> = {
            let opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
            let current = opened
                .values()
                .filter_map(|opened| opened.get()?.as_ref().ok());
            current
                .map(|current| {
                    current
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .clone()
                })
                .collect()
        };
        let open: u32 = places
            .iter()
            .map(|place| place.pool.state().connections)
            .sum();
        if open < wanting.size.saturating_mul(MANY) {
            return None;
        }
        // The last one keeps the database.
        let idle = |place: &Arc<Place>| place.pool.state().idle_connections;
        let others = places
            .into_iter()
            .filter(|place| !Arc::ptr_eq(place, wanting));
        others.filter(|place| idle(place) > 1).max_by_key(idle)
    }

    fn opened(&self, layers: &Layers) -> Arc<Opened> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        match opened.get(layers) {
            Some(found) => found.clone(),
            None => opened.entry(layers.clone()).or_default().clone(),
        }
    }
}
