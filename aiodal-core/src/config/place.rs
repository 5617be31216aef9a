//! Hosts, addresses and ports, and how the network between is treated.

use std::net::IpAddr;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::LoadBalanceHosts;

use super::Parameters;
use super::environment::Environment;
use super::values::{choice, number, positive};
use crate::error::Result;

/// Where nobody names a port.
pub(super) const DEFAULT_PORT: u16 = 5432;

/// Sets hosts, addresses and ports: as many of each, or one port for all.
pub(super) fn place(parameters: &Parameters, config: &mut Config) -> Result<()> {
    let list = |name| {
        parameters
            .get(name)
            .map(|list| list.split(',').collect::<Vec<_>>())
    };
    let ports = list("port").unwrap_or_default();
    let ports = ports
        .iter()
        .map(|port| {
            let port = Some(port.trim()).filter(|port| !port.is_empty());
            let port = port.map_or(Some(DEFAULT_PORT), |port| port.parse().ok());
            port.filter(|port| *port != 0)
                .ok_or_else(|| parameters.refuse("port", "is not a number from 1 to 65535"))
        })
        .collect::<Result<Vec<u16>>>()?;
    let addresses = list("hostaddr").unwrap_or_default();
    let hosts = match list("host") {
        Some(hosts) => hosts,
        None if addresses.is_empty() => vec![""],
        None => Vec::new(),
    };
    let count = hosts.len().max(addresses.len());
    if !hosts.is_empty() && !addresses.is_empty() && hosts.len() != addresses.len() {
        let problem = format!(
            "names {} addresses, and `host` names {}",
            addresses.len(),
            hosts.len()
        );
        return Err(parameters.refuse("hostaddr", &problem));
    }
    if ports.len() > 1 && ports.len() != count {
        let problem = format!(
            "names {} ports for {count} hosts; name one, or one for each",
            ports.len()
        );
        return Err(parameters.refuse("port", &problem));
    }
    for (index, host) in hosts.into_iter().enumerate() {
        let port = ports.get(index).or_else(|| ports.first()).copied();
        if host.is_empty() {
            config.host(Environment::default_host(port.unwrap_or(DEFAULT_PORT)));
        } else {
            config.host(host.trim());
        }
    }
    for address in addresses {
        let address = address.trim().parse::<IpAddr>();
        config
            .hostaddr(address.map_err(|_| parameters.refuse("hostaddr", "is not an IP address"))?);
    }
    for port in ports {
        config.port(port);
    }
    Ok(())
}

pub(super) fn network(parameters: &Parameters, config: &mut Config) -> Result<()> {
    // Not set, and zero or less: the default, which is not to wait for ever.
    if let Some(seconds) = positive(parameters, "connect_timeout")? {
        config.connect_timeout(Duration::from_secs(seconds));
    }
    if let Some(milliseconds) = positive(parameters, "tcp_user_timeout")? {
        config.tcp_user_timeout(Duration::from_millis(milliseconds));
    }
    if let Some(keepalives) = number(parameters, "keepalives")? {
        config.keepalives(keepalives != 0);
    }
    if let Some(seconds) = positive(parameters, "keepalives_idle")? {
        config.keepalives_idle(Duration::from_secs(seconds));
    }
    if let Some(seconds) = positive(parameters, "keepalives_interval")? {
        config.keepalives_interval(Duration::from_secs(seconds));
    }
    for name in ["keepalives_retries", "keepalives_count"] {
        if let Some(count) = positive(parameters, name)? {
            config.keepalives_retries(u32::try_from(count).unwrap_or(u32::MAX));
        }
    }
    let values = [
        ("disable", LoadBalanceHosts::Disable),
        ("random", LoadBalanceHosts::Random),
    ];
    if let Some(hosts) = choice(parameters, "load_balance_hosts", &values)? {
        config.load_balance_hosts(hosts);
    }
    Ok(())
}
