//! Starts a server, from the cached data directory to the moment it needs us no more.

use super::binaries::Binaries;
use super::cluster::Cluster;
use super::connection::Connection;
use super::error::ProvisionError;
#[cfg(test)]
use super::fault_tests::reach;
use super::launch::Launch;
use super::place::Place;
use super::reaper::{self, Linger};
use super::run::RunDirectory;
use super::{Server, Settings};

/// Starts a server where there is none.
///
/// Only for the holder of the start lock.
pub(super) async fn start(
    place: &Place,
    settings: &Settings,
    binaries: &Binaries,
) -> Result<Server, ProvisionError> {
    let mut cluster = Cluster::ensure(place, binaries).await?;
    loop {
        match start_on(&cluster, place, settings, binaries).await {
            // What kept the server from starting may be that its data directory was damaged in the cache.
            Err(error) if error.is_not_started() && !cluster.is_new => {
                cluster = cluster.rebuild(place, binaries).await?;
            }
            result => return result,
        }
    }
}

async fn start_on(
    cluster: &Cluster,
    place: &Place,
    settings: &Settings,
    binaries: &Binaries,
) -> Result<Server, ProvisionError> {
    let run = place.new_run()?;
    let version = binaries.version.to_string();
    let log = run.create(&place.owner)?;
    #[cfg(test)]
    reach("directory");
    let prepared = (|| {
        run.write_version(&version)?;
        if !cluster.copy(&run.data(), &place.owner)? {
            return Err(ProvisionError::not_started(
                run.path(),
                "the cached data directory is damaged",
                String::new(),
            ));
        }
        Launch::begin(&run, log, binaries, &place.owner)
    })();
    let mut launch = match prepared {
        Ok(launch) => launch,
        Err(error) => {
            // The first error is the one to tell; the next start sweeps.
            let _left = run.remove();
            return Err(error);
        }
    };
    match serve(&mut launch, &run, settings).await {
        Ok(lease) => {
            launch.release().await?;
            let server = Server::new(place, run, version, settings);
            Ok(Server {
                lease: Some(lease),
                ..server
            })
        }
        Err(error) => {
            launch.abort().await;
            Err(error)
        }
    }
}

/// Waits for the server, and gives it its reaper.
async fn serve(
    launch: &mut Launch,
    run: &RunDirectory,
    settings: &Settings,
) -> Result<Connection, ProvisionError> {
    #[cfg(test)]
    reach("spawned");
    let lease = launch.first_connection().await?;
    #[cfg(test)]
    reach("connected");
    reaper::install(&lease.client, run, Linger::of(settings)).await?;
    #[cfg(test)]
    reach("reaped");
    Ok(lease)
}
