//! Where a server was found.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio::net::{TcpStream, UnixStream};
use tokio_postgres::Config;
use tokio_postgres::config::Host;

use super::socket::Socket;
use super::transport::Transport;

/// Where a connection's server was found; a request to cancel goes to the same place.
#[derive(Clone, Debug)]
pub(crate) enum Address {
    /// With the name that its certificate is to have: without any, its address.
    Tcp(SocketAddr, String),
    Unix(PathBuf),
}

impl Address {
    /// Lists the places a configuration names, in the order to try them.
    ///
    /// # Errors
    ///
    /// A host name that does not resolve.
    pub(crate) async fn of(config: &Config) -> io::Result<Vec<Address>> {
        let ports = config.get_ports();
        let port = |index: usize| {
            ports
                .get(index)
                .or_else(|| ports.first())
                .copied()
                .unwrap_or(5432)
        };
        let hosts = config.get_hosts();
        if !config.get_hostaddrs().is_empty() {
            let addresses = config.get_hostaddrs().iter().enumerate();
            return Ok(addresses
                .map(|(index, ip)| {
                    let name = match hosts.get(index) {
                        Some(Host::Tcp(name)) if !name.is_empty() => name.clone(),
                        _ => ip.to_string(),
                    };
                    Address::Tcp(SocketAddr::new(*ip, port(index)), name)
                })
                .collect());
        }
        let mut addresses = Vec::new();
        for (index, host) in hosts.iter().enumerate() {
            match host {
                Host::Tcp(name) => {
                    let found = tokio::net::lookup_host((name.as_str(), port(index))).await?;
                    addresses.extend(found.map(|at| Address::Tcp(at, name.clone())));
                }
                Host::Unix(directory) => {
                    addresses.push(Address::Unix(
                        directory.join(format!(".s.PGSQL.{}", port(index))),
                    ));
                }
            }
        }
        Ok(addresses)
    }

    /// Returns the name that the server's certificate is to have; `None` where there is no network in between.
    pub(super) fn host(&self) -> Option<&str> {
        match self {
            Address::Tcp(_, name) => Some(name),
            Address::Unix(_) => None,
        }
    }

    /// Connects, on the runtime that polls this.
    ///
    /// # Errors
    ///
    /// What the operating system says, and `TimedOut` after `limit`.
    pub(crate) async fn connect(&self, limit: Duration) -> io::Result<Socket> {
        let connecting = async {
            let transport = match self {
                Address::Tcp(address, _) => {
                    let stream = TcpStream::connect(address).await?;
                    stream.set_nodelay(true)?;
                    Transport::Tcp(stream)
                }
                Address::Unix(path) => Transport::Unix(UnixStream::connect(path).await?),
            };
            io::Result::Ok(transport)
        };
        let transport = tokio::time::timeout(limit, connecting)
            .await
            .map_err(|_| io::ErrorKind::TimedOut)??;
        Ok(Socket::of(transport))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(address, _) => address.fmt(f),
            Address::Unix(path) => path.display().fmt(f),
        }
    }
}
