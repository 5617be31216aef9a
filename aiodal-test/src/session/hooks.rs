//! What the session's code does to each test: its data access layer, and the start of its transaction.

use std::fmt;
use std::panic::AssertUnwindSafe;

use aiodal_core::{DataAccessLayerBuilder, Transaction, chain};
use futures_util::FutureExt;

use super::registry::Registration;
use crate::fixture::text_of;
use crate::set_up::SetUpError;

/// The functions of the registered session that are called for each test, if there is one.
pub(crate) struct Hooks(Option<Registration>);

impl Hooks {
    pub(super) fn of(registration: Option<Registration>) -> Hooks {
        Hooks(registration)
    }

    /// Returns how a test's data access layer is to be; `builder` is how it would be otherwise.
    pub(crate) fn data_access_layer(
        &self,
        builder: DataAccessLayerBuilder,
    ) -> DataAccessLayerBuilder {
        match self.0 {
            Some(registration) => (registration.data_access_layer)(builder),
            None => builder,
        }
    }

    /// Says whether there may be something that every transaction starts with.
    pub(crate) fn begins(&self) -> bool {
        self.0.is_some()
    }

    /// Runs what every transaction starts with.
    ///
    /// # Errors
    ///
    /// What it returned, or its panic: it is no part of the test's body.
    pub(crate) async fn begin(&self, tx: &mut Transaction) -> Result<(), SetUpError> {
        let Some(registration) = self.0 else {
            return Ok(());
        };
        let failed = |detail: String| {
            let source = registration.source;
            SetUpError::new(format!("`begin` of session {source} failed"), detail)
        };
        let begun = AssertUnwindSafe((registration.begin)(tx)).catch_unwind();
        match begun.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(failed(chain(error.as_ref()))),
            Err(panic) => {
                let said = text_of(panic.as_ref()).unwrap_or("it says nothing");
                Err(failed(format!("it panicked: {said}")))
            }
        }
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = self.0.map(|registration| registration.source);
        f.debug_tuple("Hooks").field(&source).finish()
    }
}
