//! On which runtime the engine runs: the test's, where a statement costs what it costs on a connection of its own, or the
//! session's, whose thread no client of the test's can block.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use super::engine::{Engine, Stopped};
use super::event::Event;
use super::shared::Shared;

/// Where the engine is.
pub(super) struct Placement {
    shared: Arc<Shared>,
    /// Guards moving it, and is held through that.
    at: Mutex<At>,
}

enum At {
    Test(JoinHandle<Stopped>),
    Session(JoinHandle<Stopped>),
    /// It has stopped. Why, if nobody has been told.
    Nowhere(Option<Stopped>),
}

impl Placement {
    /// Starts the engine, on the current runtime if `on_test`.
    pub(super) fn start(
        engine: Engine,
        shared: &Arc<Shared>,
        session: &Handle,
        on_test: bool,
    ) -> Placement {
        let at = if on_test {
            At::Test(tokio::spawn(engine.run()))
        } else {
            At::Session(session.spawn(engine.run()))
        };
        Placement {
            shared: shared.clone(),
            at: Mutex::new(at),
        }
    }

    /// Moves the engine to the session's runtime, unless it is there.
    pub(super) async fn leave_test(&self, session: &Handle) {
        let mut at = self.at.lock().await;
        if let At::Test(task) = &mut *at {
            self.shared.tell(Event::Park);
            let stopped = ended(task.await);
            *at = match stopped {
                Stopped::Parked(engine) => At::Session(session.spawn(engine.resume())),
                stopped => At::Nowhere(Some(stopped)),
            };
        }
    }

    /// Ends the engine.
    pub(super) async fn finish(&self) -> Stopped {
        let mut at = self.at.lock().await;
        self.shared.tell(Event::Finish);
        match std::mem::replace(&mut *at, At::Nowhere(None)) {
            At::Test(task) | At::Session(task) => ended(task.await),
            At::Nowhere(stopped) => {
                stopped.unwrap_or_else(|| Stopped::Lost("it has ended before".to_owned()))
            }
        }
    }
}

fn ended(joined: Result<Stopped, tokio::task::JoinError>) -> Stopped {
    joined.unwrap_or_else(|error| Stopped::Lost(format!("the sandbox has failed: {error}")))
}
