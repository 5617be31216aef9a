//! Reading the data of a COPY in larger pieces.
//!
//! A server sends it 8 kB at a time. A client that waits for each piece has to be woken for each, by the server, which
//! takes a tenth of its time. So after a read that has emptied the socket the next one waits a moment, in which the
//! socket's buffer does not fill.

use std::sync::OnceLock;
use std::sync::mpsc::{self, Sender};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

/// How long to wait. A server makes some hundred kilobytes in a millisecond; the buffers of sockets hold 200 and more.
const TICK: Duration = Duration::from_micros(400);

/// How much of a COPY is read without waiting: what is small comes at once.
const AT_ONCE: usize = 256 * 1024;

/// Wakes whoever waits. Not a runtime's clock: that may be paused, or there may be none. `None` if there is no thread.
static TICKER: OnceLock<Option<Sender<Turn>>> = OnceLock::new();

/// When to wake whom.
type Turn = (Instant, Waker);

/// The pace at which a connection is read.
#[derive(Debug, Default)]
pub(super) struct Pace {
    copying: bool,
    /// How much of the COPY has been read.
    read: usize,
    /// When to read again.
    due: Option<Instant>,
    /// Who has been promised to be woken then.
    waiting: Option<Waker>,
}

impl Pace {
    /// The data of a COPY to the client begins.
    pub(super) fn begin(&mut self) {
        *self = Pace {
            copying: true,
            ..Pace::default()
        };
    }

    /// Something else comes.
    pub(super) fn end(&mut self) {
        if self.copying {
            *self = Pace::default();
        }
    }

    /// So much has been read into room for so much.
    pub(super) fn has_read(&mut self, length: usize, room: usize) {
        if !self.copying {
            return;
        }
        self.read = self.read.saturating_add(length);
        // What fills the room is not all that there is.
        if length < room && self.read > AT_ONCE {
            self.due = Some(Instant::now() + TICK);
        }
    }

    /// Waits until it is time to read.
    pub(super) fn poll_due(&mut self, cx: &Context<'_>) -> Poll<()> {
        let Some(due) = self.due else {
            return Poll::Ready(());
        };
        if Instant::now() < due {
            let promised = self.waiting.as_ref();
            if promised.is_some_and(|waker| waker.will_wake(cx.waker())) {
                return Poll::Pending;
            }
            if wake_at(due, cx.waker().clone()) {
                self.waiting = Some(cx.waker().clone());
                return Poll::Pending;
            }
        }
        self.due = None;
        self.waiting = None;
        Poll::Ready(())
    }
}

/// Has somebody woken. Returns whether that will happen.
fn wake_at(due: Instant, waker: Waker) -> bool {
    let ticker = TICKER.get_or_init(start_ticker).as_ref();
    ticker.is_some_and(|ticker| ticker.send((due, waker)).is_ok())
}

/// Starts the thread, which sleeps for good while no COPY is read.
fn start_ticker() -> Option<Sender<Turn>> {
    let (sender, receiver) = mpsc::channel::<Turn>();
    let tick = move || {
        while let Ok((due, waker)) = receiver.recv() {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            waker.wake();
        }
    };
    let started = thread::Builder::new().name("aiodal-pace".to_owned());
    started.spawn(tick).ok().map(|_| sender)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::Receiver;
    use std::task::Wake;

    use super::*;

    struct Told(Sender<()>);

    impl Wake for Told {
        fn wake(self: Arc<Told>) {
            let _gone = self.0.send(());
        }
    }

    fn waker() -> (Waker, Receiver<()>) {
        let (sender, receiver) = mpsc::channel();
        (Arc::new(Told(sender)).into(), receiver)
    }

    fn is_due(pace: &mut Pace, waker: &Waker) -> bool {
        pace.poll_due(&Context::from_waker(waker)).is_ready()
    }

    #[test]
    fn only_a_long_copy_is_waited_for_and_only_when_the_socket_is_empty() {
        let (waker, _told) = waker();
        let mut pace = Pace::default();
        pace.has_read(1 << 20, 2 << 20);
        assert!(is_due(&mut pace, &waker), "no COPY");
        pace.begin();
        pace.has_read(1000, 8192);
        assert!(is_due(&mut pace, &waker), "it has just begun");
        pace.has_read(1 << 20, 1 << 20);
        assert!(is_due(&mut pace, &waker), "there is more");
        pace.has_read(1000, 8192);
        pace.end();
        assert!(is_due(&mut pace, &waker), "it is over");
    }

    #[test]
    fn whoever_waits_is_woken_and_may_then_read() {
        let (first, _told) = waker();
        let (second, told) = waker();
        let mut pace = Pace::default();
        pace.begin();
        pace.has_read(AT_ONCE, AT_ONCE);
        pace.has_read(1, 8192);
        while !is_due(&mut pace, &first) {
            if !is_due(&mut pace, &second) {
                told.recv()
                    .expect("the second is woken though the first waits");
            }
        }
        assert!(pace.due.is_none() && pace.waiting.is_none());
    }
}
