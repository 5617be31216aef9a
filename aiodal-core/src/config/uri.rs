//! The URI form of a connection string (PostgreSQL manual 34.1.1.2), behind its scheme.

use super::Parameters;

/// Reads `[user[:password]@][host[:port][,…]][/database][?option=value[&…]]`, each part percent-encoded.
pub(super) fn parse(text: &str, parameters: &mut Parameters) -> Result<(), String> {
    let rest = match text.find(['@', '/']) {
        Some(at) if text.as_bytes()[at] == b'@' => {
            credentials(&text[..at], parameters)?;
            &text[at + 1..]
        }
        _ => text,
    };
    let (place, options) = match rest.split_once('?') {
        Some((place, options)) => (place, Some(options)),
        None => (rest, None),
    };
    // libpq takes it as it is. Most probably it is the one behind a password, which must not end up in a message as a
    // host or a database.
    if place.contains('@') {
        return Err(
            "it has an `@` behind the host; percent-encode special characters of the user and the password: \
             `@` is `%40`, `/` is `%2F`, `:` is `%3A`, `?` is `%3F`, `%` is `%25`"
                .to_owned(),
        );
    }
    let (hosts, database) = match place.split_once('/') {
        Some((hosts, database)) => (hosts, Some(database)),
        None => (place, None),
    };
    hosts_and_ports(hosts, parameters)?;
    if let Some(database) = database.filter(|database| !database.is_empty()) {
        parameters.give("dbname", decode(database, "the database")?)?;
    }
    for option in options
        .unwrap_or_default()
        .split('&')
        .filter(|option| !option.is_empty())
    {
        let Some((name, value)) = option.split_once('=') else {
            return Err(
                "an option behind the `?` has no `=`; write `?name=value&name=value`".to_owned(),
            );
        };
        let (name, value) = (decode(name, "an option")?, decode(value, "an option")?);
        match (name.as_str(), value.as_str()) {
            // As JDBC writes it.
            ("ssl", "true") => parameters.give("sslmode", "require".to_owned())?,
            _ => parameters.give(&name, value)?,
        }
    }
    Ok(())
}

fn credentials(text: &str, parameters: &mut Parameters) -> Result<(), String> {
    let (user, password) = match text.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (text, None),
    };
    if !user.is_empty() {
        parameters.give("user", decode(user, "the user")?)?;
    }
    if let Some(password) = password {
        parameters.give("password", decode(password, "the password")?)?;
    }
    Ok(())
}

/// Leaves both out that say nothing, so that the environment and the defaults can.
fn hosts_and_ports(text: &str, parameters: &mut Parameters) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    let (mut hosts, mut ports) = (Vec::new(), Vec::new());
    for place in text.split(',') {
        let (host, port) = match place.strip_prefix('[') {
            Some(bracketed) => {
                let Some((host, behind)) = bracketed.split_once(']') else {
                    return Err("an IPv6 address has a `[` without a `]`".to_owned());
                };
                match behind.strip_prefix(':') {
                    Some(port) => (host, port),
                    None if behind.is_empty() => (host, ""),
                    None => {
                        return Err(
                            "there is something between an IPv6 address's `]` and its port"
                                .to_owned(),
                        );
                    }
                }
            }
            None => place.split_once(':').unwrap_or((place, "")),
        };
        hosts.push(decode(host, "the host")?);
        ports.push(decode(port, "the port")?);
    }
    if hosts.iter().any(|host| !host.is_empty()) {
        parameters.give("host", hosts.join(","))?;
    }
    if ports.iter().any(|port| !port.is_empty()) {
        parameters.give("port", ports.join(","))?;
    }
    Ok(())
}

/// Decodes `%xx`. `+` is a plus: it is a space in forms only.
fn decode(text: &str, part: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let (Some(high), Some(low)) = (digit(), digit()) else {
            return Err(format!(
                "{part} has a `%` without two hexadecimal digits behind it; a `%` itself is written `%25`"
            ));
        };
        bytes.push(u8::try_from(high * 16 + low).expect("two hexadecimal digits make a byte"));
    }
    if bytes.contains(&0) {
        return Err(format!("{part} has a NUL character"));
    }
    String::from_utf8(bytes).map_err(|_| format!("{part} is not UTF-8 once decoded"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Parameters {
        let mut parameters = Parameters::default();
        parse(text, &mut parameters).unwrap();
        parameters
    }

    #[test]
    fn every_part_is_decoded() {
        let read =
            read("m%40e:p%3A%2f%25@%2Fvar%2Frun:5433/d%20b?application_name=a%26b&sslmode=disable");
        assert_eq!(read.get("user"), Some("m@e"));
        assert_eq!(read.get("password"), Some("p:/%"));
        assert_eq!(read.get("host"), Some("/var/run"));
        assert_eq!(read.get("port"), Some("5433"));
        assert_eq!(read.get("dbname"), Some("d b"));
        assert_eq!(read.get("application_name"), Some("a&b"));
    }

    #[test]
    fn several_hosts_and_ipv6_addresses_keep_their_ports() {
        let read = read("a:1,[::1]:2,b,:4/d");
        assert_eq!(read.get("host"), Some("a,::1,b,"));
        assert_eq!(read.get("port"), Some("1,2,,4"));
    }

    #[test]
    fn what_is_left_out_stays_open() {
        for text in ["", "/", "?", "me@", "me@/d"] {
            let read = read(text);
            assert_eq!(read.get("host"), None, "{text}");
            assert_eq!(read.get("port"), None, "{text}");
        }
        assert_eq!(read(":5433").get("port"), Some("5433"));
    }

    #[test]
    fn options_override_the_parts_before_them() {
        let read = read("me@h/d?host=/tmp&user=you&ssl=true");
        assert_eq!(read.get("host"), Some("/tmp"));
        assert_eq!(read.get("user"), Some("you"));
        assert_eq!(read.get("sslmode"), Some("require"));
    }

    #[test]
    fn password_that_was_not_encoded_is_refused_without_quoting_it() {
        for text in [
            "me:hun@ter2@h/d",
            "me:1/hunter2@h/d",
            "me:hunter2%@h/d",
            "me:hunter2%zz@h/d",
            "me:hunter2%00@h/d",
            "me:hunter2%ff@h/d",
            "me:pw@[::1/hunter2",
            "me:pw@[::1]hunter2:1/d",
            "me:pw@h/d?hunter2",
        ] {
            let told = parse(text, &mut Parameters::default()).unwrap_err();
            assert!(!told.contains("hunter") && !told.contains("ter2"), "{told}");
        }
    }
}
