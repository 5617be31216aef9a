//! Network addresses.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::bytes::Bytes;
use crate::error::BoxError;

/// `inet` without the netmask of a single host, `cidr` always with it.
pub(super) fn address(raw: &[u8], out: &mut String) -> Result<(), BoxError> {
    // PGSQL_AF_INET and PGSQL_AF_INET6, in utils/inet.h of PostgreSQL: not those of the operating system.
    const V4: u8 = 2;
    const V6: u8 = 3;
    let mut bytes = Bytes::new(raw);
    let (family, bits, is_cidr, _length) = (bytes.u8()?, bytes.u8()?, bytes.u8()?, bytes.u8()?);
    let all = match family {
        V4 => {
            write!(out, "{}", Ipv4Addr::from(bytes.array::<4>()?))?;
            32
        }
        V6 => {
            v6(Ipv6Addr::from(bytes.array::<16>()?), out)?;
            128
        }
        _ => return Err(format!("it is of the unknown address family {family}").into()),
    };
    if bits != all || is_cidr != 0 {
        write!(out, "/{bits}")?;
    }
    Ok(())
}

/// PostgreSQL writes the last four bytes of `::1.2.3.4` as IPv4 does, Rust only those of `::ffff:1.2.3.4`.
fn v6(address: Ipv6Addr, out: &mut String) -> Result<(), BoxError> {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => {
            let v4 = Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
            write!(out, "::{v4}")?;
        }
        _ => write!(out, "{address}")?,
    }
    Ok(())
}

/// Six bytes or eight.
pub(super) fn mac(raw: &[u8], out: &mut String) -> Result<(), BoxError> {
    for (i, byte) in raw.iter().enumerate() {
        let colon = if i == 0 { "" } else { ":" };
        write!(out, "{colon}{byte:02x}")?;
    }
    Ok(())
}
