//! An async function that builds the schema.

use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};
use std::{fs, io};

use aiodal_core::{BoxError, DatabaseUrl};
use futures_util::FutureExt;

use crate::fixture::text_of;
use crate::set_up::SetUpError;
use crate::template::fingerprint::Fingerprint;

type Body =
    dyn Fn(DatabaseUrl) -> Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>> + Send + Sync;

/// A function and its name.
#[derive(Clone)]
pub(super) struct Function {
    name: String,
    body: Arc<Body>,
}

impl Function {
    pub(super) fn new<F, Fut, E>(name: String, function: F) -> Function
    where
        F: Fn(DatabaseUrl) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        let body = move |url| {
            let running = function(url);
            Box::pin(async move { running.await.map_err(Into::into) }) as Pin<Box<_>>
        };
        Function {
            name,
            body: Arc::new(body),
        }
    }

    pub(super) fn add_to(&self, fingerprint: &mut Fingerprint, alone: bool) {
        fingerprint.text(&self.name);
        if alone {
            // What it does is in the executable, and nowhere else.
            match build() {
                Ok(build) => drop(fingerprint.text(&build)),
                Err((path, error)) => fingerprint.fail(path, error),
            }
        }
    }

    /// # Errors
    ///
    /// The function's own error, its panic, or that it took longer than `limit`.
    pub(super) async fn run(&self, url: &DatabaseUrl, limit: Duration) -> Result<(), SetUpError> {
        let failed =
            |detail: String| SetUpError::new(format!("migration `{}` failed", self.name), detail);
        let running = AssertUnwindSafe((self.body)(url.clone())).catch_unwind();
        match tokio::time::timeout(limit, running).await {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(error))) => Err(failed(aiodal_core::chain(error.as_ref()))),
            Ok(Err(panic)) => {
                let said = text_of(panic.as_ref()).unwrap_or("a value that is no text");
                Err(failed(format!("it panicked: {said}")))
            }
            Err(_) => Err(failed(format!(
                "it took longer than {limit:?}; give it more time with `.timeout(..)` if it needs it"
            ))),
        }
    }
}

/// Names the build of the running executable.
fn build() -> Result<String, (std::path::PathBuf, io::Error)> {
    let path = std::env::current_exe().map_err(|error| ("the test binary".into(), error))?;
    let facts = fs::metadata(&path).and_then(|facts| Ok((facts.len(), facts.modified()?)));
    match facts {
        Ok((length, modified)) => {
            let since = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
            Ok(format!("{} {length} {}", path.display(), since.as_nanos()))
        }
        Err(error) => Err((path, error)),
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Function")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
