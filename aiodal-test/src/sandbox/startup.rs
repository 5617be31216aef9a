//! How a connection begins (PostgreSQL manual, 55.2.1): none of it reaches the server.

use std::io;
use std::mem;
use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio::io::AsyncReadExt;

use super::encoding;
use super::error::Said;
use super::event::{Arrival, Event};
use super::outbox::Outbox;
use super::reported::Reported;
use super::serve::{Stream, Trust, read_frame, write_all};
use super::shared::{Shared, random};
use super::turn::ClientId;
use super::wire::{self, Malformed, Reader, put};

const CANCEL: i32 = 80_877_102;
const TLS: i32 = 80_877_103;
const GSS: i32 = 80_877_104;
const VERSION_3: i32 = 3;

/// Longer than this the server takes for nonsense as well (`MAX_STARTUP_PACKET_LENGTH`).
const LONGEST: usize = 10_000;

/// How often a client may ask for encryption, of either kind.
const ASKS: u32 = 2;

/// What a connection has turned out to be.
pub(super) enum Opening {
    Client(Box<(ClientId, Arrival)>),
    Cancel,
    Refused,
}

/// What a client says of itself.
#[derive(Debug, Default)]
struct Startup {
    minor: i32,
    user: String,
    database: Option<String>,
    settings: Vec<(String, String)>,
    unknown: Vec<String>,
    replication: bool,
}

/// Lets a client in.
///
/// # Errors
///
/// It is gone, or does not speak the protocol.
pub(super) async fn open(
    stream: &mut impl Stream,
    buffer: &mut BytesMut,
    shared: &Arc<Shared>,
    trust: Trust,
) -> io::Result<Opening> {
    let mut asked = 0;
    let startup = loop {
        let packet = packet(stream, buffer).await?;
        let mut reader = packet.clone();
        match reader.get_i32() {
            TLS | GSS if asked < ASKS => {
                asked += 1;
                write_all(stream, b"N").await?;
            }
            CANCEL if reader.len() == 8 => {
                let (process, secret) = (reader.get_u32(), reader.get_i32());
                // Without an engine nothing is running.
                shared.tell(Event::Cancel { process, secret });
                return Ok(Opening::Cancel);
            }
            version if version >> 16 == VERSION_3 => {
                let minor = version & 0xffff;
                break Startup::read(&reader, minor).map_err(|malformed| invalid(malformed.0))?;
            }
            _ => return Err(invalid("not version 3 of the protocol")),
        }
    };
    let mut answer = BytesMut::with_capacity(1 << 10);
    if let Some(said) = startup.refused(shared) {
        said.put(&mut answer);
        write_all(stream, &answer).await?;
        return Ok(Opening::Refused);
    }
    startup.negotiate(&mut answer);
    if trust == Trust::Stranger {
        let given = password(stream, buffer, &mut answer).await?;
        if given != shared.password {
            let said = Said::fatal("28P01", "password authentication failed");
            said.hint("take the URL that the sandbox gives, with its password")
                .put(&mut answer);
            write_all(stream, &answer).await?;
            return Ok(Opening::Refused);
        }
    }
    let id = shared.next_client();
    let mut arrival = startup.arrival(trust == Trust::Own);
    greet(&mut answer, shared, (id, &mut arrival));
    write_all(stream, &answer).await?;
    Ok(Opening::Client(Box::new((id, arrival))))
}

/// Reads a message without a tag.
async fn packet(stream: &mut impl Stream, buffer: &mut BytesMut) -> io::Result<Bytes> {
    loop {
        if let Some(mut head) = buffer.get(..4) {
            let length = head.get_u32() as usize;
            if !(8..=LONGEST).contains(&length) {
                return Err(invalid("a startup packet has an impossible length"));
            }
            if buffer.len() >= length {
                let mut packet = buffer.split_to(length).freeze();
                packet.advance(4);
                return Ok(packet);
            }
        }
        if stream.read_buf(buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// Asks for the password: in the clear, which stays on this machine.
async fn password(
    stream: &mut impl Stream,
    buffer: &mut BytesMut,
    answer: &mut BytesMut,
) -> io::Result<String> {
    put(answer, b'R', |answer| answer.put_i32(3));
    write_all(stream, answer).await?;
    answer.clear();
    let frame = read_frame(stream, buffer).await?;
    let frame = frame.filter(|frame| frame.tag() == b'p');
    let frame = frame.ok_or_else(|| invalid("a password was asked for"))?;
    let given = frame
        .body()
        .str()
        .map_err(|malformed| invalid(malformed.0))?;
    Ok(given.to_owned())
}

/// Writes what a server says to whom it has let in.
fn greet(answer: &mut BytesMut, shared: &Shared, (id, arrival): (ClientId, &mut Arrival)) {
    put(answer, b'R', |answer| answer.put_i32(0));
    for (name, value) in shared.parameters.iter() {
        let own = startup_value(arrival, name, value);
        let value = own.unwrap_or_else(|| value.clone());
        wire::parameter(answer, name, &value);
        arrival.told.set(name, &value);
    }
    put(answer, b'K', |answer| {
        answer.put_u32(id.process());
        answer.put_i32(arrival.secret);
    });
    wire::ready(answer, if arrival.is_own { b'T' } else { b'I' });
}

/// Returns a setting of the client's as the server would report it.
fn startup_value(arrival: &Arrival, name: &str, server: &str) -> Option<String> {
    if name == "application_name" {
        return Some(arrival.label.clone());
    }
    let key = name.to_ascii_lowercase();
    let (_, value) = arrival.settings.iter().find(|(name, _)| *name == key)?;
    match (key.as_str(), value.as_str()) {
        ("datestyle", style) => Some(date_style(style, server)),
        (_, value) => Some(value.to_owned()),
    }
}

/// Says in full what may have been said in part, as the server does.
fn date_style(given: &str, server: &str) -> String {
    const STYLES: [&str; 4] = ["ISO", "SQL", "Postgres", "German"];
    const ORDERS: [&str; 3] = ["MDY", "DMY", "YMD"];
    let find = |known: &[&'static str], text: &str| {
        let mut words = text.split(',').map(str::trim);
        let word =
            words.find_map(|word| known.iter().find(|known| known.eq_ignore_ascii_case(word)));
        word.copied()
    };
    let style = find(&STYLES, given).or_else(|| find(&STYLES, server));
    let order = find(&ORDERS, given).or_else(|| match style {
        Some("German") => Some("DMY"),
        _ => find(&ORDERS, server),
    });
    match (style, order) {
        (Some(style), Some(order)) => format!("{style}, {order}"),
        _ => given.to_owned(),
    }
}

impl Startup {
    fn read(parameters: &[u8], minor: i32) -> Result<Startup, Malformed> {
        let mut startup = Startup {
            minor,
            ..Startup::default()
        };
        let mut reader = Reader::new(parameters);
        let mut options = "";
        loop {
            let name = reader.str()?;
            if name.is_empty() {
                // Wherever they stand, what has a parameter of its own goes by that.
                let own = mem::take(&mut startup.settings);
                startup.options(options);
                for (name, value) in own {
                    startup.set(&name, &value);
                }
                return Ok(startup);
            }
            let value = reader.str()?;
            match name {
                "user" => value.clone_into(&mut startup.user),
                "database" => startup.database = Some(value.to_owned()),
                "replication" => {
                    startup.replication = !matches!(value, "false" | "off" | "no" | "0");
                }
                "options" => options = value,
                name if name.starts_with("_pq_.") => startup.unknown.push(name.to_owned()),
                name => startup.set(name, value),
            }
        }
    }

    fn set(&mut self, name: &str, value: &str) {
        let name = name.to_ascii_lowercase();
        self.settings.retain(|(known, _)| *known != name);
        self.settings.push((name, value.to_owned()));
    }

    /// Reads `-c name=value` and `--name=value`; a backslash escapes (PostgreSQL manual, 34.1.2).
    fn options(&mut self, options: &str) {
        let mut words = vec![String::new()];
        let mut chars = options.chars();
        while let Some(c) = chars.next() {
            let last = words.last_mut().expect("there is one at least");
            match c {
                '\\' => last.extend(chars.next()),
                c if c.is_whitespace() => words.push(String::new()),
                c => last.push(c),
            }
        }
        let mut words = words.into_iter().filter(|word| !word.is_empty());
        while let Some(word) = words.next() {
            let setting = if word == "-c" {
                words.next()
            } else {
                word.strip_prefix("-c")
                    .or_else(|| word.strip_prefix("--"))
                    .map(str::to_owned)
            };
            if let Some((name, value)) = setting.as_deref().and_then(|set| set.split_once('=')) {
                self.set(&name.replace('-', "_"), value);
            }
        }
    }

    fn refused(&self, shared: &Shared) -> Option<Said> {
        if self.replication {
            let said = Said::fatal("0A000", "a sandbox has nothing to replicate");
            return Some(said.hint(
                "it takes a database of its own: #[aiodal::test(isolation = \"database\")]",
            ));
        }
        let database = self.database.as_ref().unwrap_or(&self.user);
        if *database != shared.database {
            let said = Said::fatal(
                "3D000",
                format!("database \"{database}\" is not in this sandbox"),
            );
            return Some(said.hint(format!(
                "it has one database, \"{}\": take the URL that the sandbox gives as it is",
                shared.database
            )));
        }
        let encoding = self
            .settings
            .iter()
            .find(|(name, _)| name == "client_encoding");
        let (_, encoding) = encoding?;
        let message = encoding::refused(encoding.trim_matches('\''))?;
        Some(Said::fatal("0A000", message).hint(encoding::HINT))
    }

    /// Tells a client that speaks a newer protocol what is spoken here.
    fn negotiate(&self, answer: &mut BytesMut) {
        if self.minor == 0 && self.unknown.is_empty() {
            return;
        }
        put(answer, b'v', |answer| {
            answer.put_i32(VERSION_3 << 16);
            answer.put_i32(i32::try_from(self.unknown.len()).unwrap_or(i32::MAX));
            for name in &self.unknown {
                wire::put_str(answer, name);
            }
        });
    }

    fn arrival(self, is_own: bool) -> Arrival {
        let mut label = String::new();
        let mut settings = Vec::new();
        for (name, value) in self.settings {
            match name.as_str() {
                "application_name" => label = value,
                // What the server speaks with us is UTF8, and so is what a client may speak.
                "client_encoding" => {}
                _ => settings.push((name, value)),
            }
        }
        Arrival {
            outbox: Outbox::default(),
            secret: i32::from_be_bytes(random().to_be_bytes()[..4].try_into().unwrap_or_default()),
            label,
            settings,
            told: Reported::default(),
            is_own,
        }
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
