//! The dispatchers' desk: a service, with connections of its own. Here transactions begin, and end.
//!
//! All else in this crate is given a transaction. What a dispatcher does is one or several, and either all of one counts or
//! nothing: these functions say which. They are what a request handler or a job would call.

use std::env;
use std::fmt;

use aiodal::{DataAccessLayer, IsolationLevel, Retry, Transaction, TransactionOptions};
use jiff::civil::Date;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;

use crate::announce::{Announced, announce};
use crate::flight::{Flight, FlightKey, NewFlight, Status};
use crate::schedule;

/// The desk of this process, opened by whoever needs it first.
static DESK: OnceCell<Dispatch> = OnceCell::const_new();

/// Returns the desk of this process, on the database that `DATABASE_URL` or the `PG*` variables name.
///
/// # Errors
///
/// The database can't be reached. The next call tries again.
pub async fn desk() -> aiodal::Result<&'static Dispatch> {
    let open = || async {
        let url = env::var("DATABASE_URL").unwrap_or_default();
        let dal = DataAccessLayer::connect(&url).await?;
        Ok(Dispatch::new(dal))
    };
    DESK.get_or_try_init(open).await
}

/// What dispatchers do. A cheap clone.
#[derive(Debug, Clone)]
pub struct Dispatch {
    dal: DataAccessLayer,
}

/// Why a dispatcher's order was not carried out. Nothing of it was.
#[derive(Debug)]
pub enum Refused {
    /// There is no such flight.
    NoFlight(FlightKey),
    /// It has left already, or was cancelled.
    NotScheduled(FlightKey),
    /// The database refused, or was not there.
    Database(aiodal::Error),
}

impl Dispatch {
    /// Opens a desk on a database.
    #[must_use]
    pub fn new(dal: DataAccessLayer) -> Dispatch {
        Dispatch { dal }
    }

    /// Records a schedule, and commits what of it could be recorded.
    ///
    /// # Errors
    ///
    /// Only what has nothing to do with its flights.
    pub async fn announce(&self, schedule: &[NewFlight]) -> Result<Announced, Refused> {
        let mut tx = self.dal.transaction().await?;
        let announced = announce(&mut tx, schedule).await?;
        tx.commit().await?;
        Ok(announced)
    }

    /// Has two flights exchange their planes.
    ///
    /// # Errors
    ///
    /// One of them is not there or not scheduled any more: then neither has changed.
    pub async fn swap_planes(&self, one: &FlightKey, other: &FlightKey) -> Result<(), Refused> {
        // Two dispatchers may swap the same flights at once. The server lets one of them win, and tells the other to try again.
        let options = TransactionOptions::new().isolation_level(IsolationLevel::Serializable);
        let swap = |tx: Transaction| async move {
            let plane = scheduled(&tx, one).await?.tailnum;
            let others = scheduled(&tx, other).await?.tailnum;
            schedule::assign(&tx, one, others.as_deref()).await?;
            schedule::assign(&tx, other, plane.as_deref()).await?;
            Ok(())
        };
        self.dal.retrying(&options, &Retry::default(), swap).await
    }

    /// Has two flights leave together: each as late as is said, or neither.
    ///
    /// # Errors
    ///
    /// One of them is not there, not scheduled any more, or has no plane.
    pub async fn release(&self, flights: &[(FlightKey, i32)]) -> Result<(), Refused> {
        // What returns an error is rolled back, the flights before it included.
        let release = async |tx: &mut Transaction| {
            for (key, delay) in flights {
                scheduled(tx, key).await?;
                schedule::depart(tx, key, *delay).await?;
            }
            Ok(())
        };
        self.dal.with_transaction(release).await
    }

    /// Cancels what is still scheduled on a day; returns how many flights that were.
    ///
    /// Each is cancelled by itself, several at a time: one that can't be does not keep the others in the air.
    ///
    /// # Errors
    ///
    /// The first that could not be cancelled. The others were, unless they had left.
    pub async fn close(&self, day: Date) -> Result<usize, Refused> {
        let tx = self.dal.transaction().await?;
        let flights = schedule::on_day(&tx, day).await?;
        tx.commit().await?;

        let mut tasks = JoinSet::new();
        for flight in flights {
            let desk = self.clone();
            tasks.spawn(async move { desk.cancel(&flight.key).await });
        }
        let cancelled = tasks.join_all().await;
        let cancelled: Vec<bool> = cancelled.into_iter().collect::<Result<_, _>>()?;
        Ok(cancelled.into_iter().filter(|cancelled| *cancelled).count())
    }

    async fn cancel(&self, key: &FlightKey) -> Result<bool, Refused> {
        let tx = self.dal.transaction().await?;
        let cancelled = schedule::cancel(&tx, key).await?;
        tx.commit().await?;
        Ok(cancelled)
    }
}

/// Finds a flight that is still to leave.
async fn scheduled(tx: &Transaction, key: &FlightKey) -> Result<Flight, Refused> {
    match schedule::find(tx, key).await? {
        Some(flight) if flight.status == Status::Scheduled => Ok(flight),
        Some(_) => Err(Refused::NotScheduled(key.clone())),
        None => Err(Refused::NoFlight(key.clone())),
    }
}

impl From<aiodal::Error> for Refused {
    fn from(error: aiodal::Error) -> Refused {
        Refused::Database(error)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::NoFlight(key) => write!(f, "there is no flight {key}"),
            Refused::NotScheduled(key) => write!(f, "{key} is not scheduled any more"),
            Refused::Database(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for Refused {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Refused::Database(error) => error.source(),
            Refused::NoFlight(_) | Refused::NotScheduled(_) => None,
        }
    }
}
