//! What the engine, its clients and the test's handle have in common.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aiodal_core::DatabaseUrl;
use tokio::sync::mpsc::UnboundedSender;

use super::event::Event;
use super::turn::ClientId;

/// Known to all, and the way to the engine.
pub(super) struct Shared {
    /// What the server says of itself when a client connects.
    pub(super) parameters: Arc<[(String, String)]>,
    pub(super) database: String,
    pub(super) user: String,
    /// What a client has to give that comes by TCP.
    pub(super) password: String,
    url: DatabaseUrl,
    events: UnboundedSender<Event>,
    next: AtomicU32,
}

impl Shared {
    /// `real` is where the server is: clients name the same database and user.
    pub(super) fn new(
        parameters: Arc<[(String, String)]>,
        real: &DatabaseUrl,
        events: UnboundedSender<Event>,
    ) -> Shared {
        let database = real.database().to_owned();
        let user = real.config().get_user().unwrap_or("postgres").to_owned();
        let mut config = tokio_postgres::Config::new();
        config.host("localhost").user(&user).dbname(&database);
        Shared {
            parameters,
            database,
            user,
            password: format!("{:016x}{:016x}", random(), random()),
            url: DatabaseUrl::from(config),
            events,
            next: AtomicU32::new(1),
        }
    }

    /// Returns the database and the user, without a place: for clients that have their stream.
    pub(super) fn url(&self) -> DatabaseUrl {
        self.url.clone()
    }

    /// Returns a URL as any driver reads it.
    pub(super) fn url_at(&self, parameters: &str, place: &str) -> String {
        let (user, database) = (encoded(&self.user), encoded(&self.database));
        if place.is_empty() {
            return format!("postgresql:///{database}?user={user}&{parameters}");
        }
        let password = &self.password;
        format!("postgresql://{user}:{password}@{place}/{database}?{parameters}")
    }

    /// Returns the way to the engine.
    pub(super) fn events(&self) -> UnboundedSender<Event> {
        self.events.clone()
    }

    pub(super) fn next_client(&self) -> ClientId {
        ClientId(self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// Tells the engine something. Where there is none any more, nobody has to know.
    pub(super) fn tell(&self, event: Event) {
        let _over = self.events.send(event);
    }
}

/// What nobody guesses: each state is seeded by the operating system's randomness.
pub(super) fn random() -> u64 {
    RandomState::new().hash_one(0)
}

/// Percent-encodes what is not plain in a URL.
fn encoded(text: &str) -> String {
    use std::fmt::Write as _;

    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _infallible = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("database", &self.database)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}
