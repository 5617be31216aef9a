//! Attaches to a server that runs already, or clears the way for one.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::connection::{self, Refusal};
use super::error::ProvisionError;
use super::place::Place;
use super::reaper::{self, Linger};
use super::standing::{Settled, settle};
use super::{Server, Settings};

/// How long a server may neither serve nor end.
const LIMBO: Duration = Duration::from_secs(30);

/// Joins the server that is there, or makes sure that there is none.
///
/// Only for the holder of the start lock.
pub(super) async fn join(
    place: &Place,
    settings: &Settings,
) -> Result<Option<Server>, ProvisionError> {
    let begun = Instant::now();
    while let Some(run) = place.run()? {
        let limbo = |problem: &str| ProvisionError::stuck(run.path(), problem, begun.elapsed());
        match connection::connect(&run).await {
            Ok(lease) => match settle(&lease.client, &run, Linger::of(settings)).await? {
                Settled::Held => {
                    let version = run
                        .version()
                        .ok_or_else(|| limbo("has lost what its starter wrote about it"))?;
                    let server = Server::new(place, run, version, settings);
                    return Ok(Some(Server {
                        lease: Some(lease),
                        ..server
                    }));
                }
                Settled::NeverOpened => reaper::end(&lease.client).await,
                Settled::Gone => {}
            },
            Err(Refusal::Silent) => return Err(limbo("accepts connections and does not answer")),
            Err(Refusal::Refused(error)) => {
                return Err(ProvisionError::server("connect to", run.path())(error));
            }
            // Without a log, its starter died between two system calls: we hold the lock it held.
            Err(Refusal::NotServing(_)) if run.is_deserted().unwrap_or(true) => run.remove()?,
            Err(Refusal::NotServing(_)) => {}
        }
        if begun.elapsed() >= LIMBO {
            return Err(limbo("neither serves nor ends"));
        }
        sleep(Duration::from_millis(2)).await;
    }
    Ok(None)
}
