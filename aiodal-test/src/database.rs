//! Isolation by database: a clone of the template that a test has to itself.
//!
//! Nothing of it is on loan: the data access layer has a pool, its transactions commit, and any program can connect. The end
//! is to close what is ours and to drop the clone, or to keep it for whoever wants to look.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aiodal_core::{
    Ambient, DataAccessLayer, DataAccessLayerBuilder, DatabaseUrl, IsolationLevel, Pool,
    PoolOptions, SqlState, Transaction,
};

use crate::case::TestCase;
use crate::isolation::Keep;
use crate::journal::Journal;
use crate::locks::{Watched, Watching};
use crate::report;
use crate::runtime::block_on_session;
use crate::session::{Place, Session};
use crate::set_up::SetUpError;
use crate::stock::{Stock, Taken};

/// How many connections the test's data access layer has at most.
const CONNECTIONS: u32 = 4;

/// How long to wait before asking a full server again.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// A database that a test has to itself.
pub(crate) struct OwnDatabase {
    pub(crate) url: DatabaseUrl,
    pub(crate) journal: Arc<Journal>,
    session: &'static Session,
    stock: Arc<Stock>,
    taken: Taken,
    /// Opened when it is asked for.
    dal: Option<DataAccessLayer>,
    /// The test's transaction, until the test itself is given it.
    transaction: Option<Transaction>,
    /// The same on loan, for fixtures.
    lent: Option<Transaction>,
    /// The entry of its connections, which may wait for each other.
    watching: Watching,
}

impl OwnDatabase {
    /// Takes a clone of the template.
    ///
    /// # Errors
    ///
    /// There is no template, or the server refused.
    pub(crate) async fn take(
        session: &'static Session,
        place: &Place,
        case: &TestCase,
        journal: Arc<Journal>,
    ) -> Result<OwnDatabase, SetUpError> {
        let stock = session.stock(place)?;
        let (from, test) = (stock.clone(), case.name);
        let taking = session.runtime.spawn(async move { from.take(test).await });
        let taken = taking
            .await
            .expect("taking a clone does not panic, and the session's runtime outlives the test")?;
        let url = place.url.with_database(&taken.name);
        let watched = Watched::in_own_database(*case, &url, &journal);
        Ok(OwnDatabase {
            watching: session.locks.watch(watched),
            url,
            journal,
            session,
            stock,
            taken,
            dal: None,
            transaction: None,
            lent: None,
        })
    }

    /// Returns the data access layer, if it is open.
    pub(crate) fn dal(&self) -> Option<DataAccessLayer> {
        self.dal.clone()
    }

    /// Returns how to open it.
    pub(crate) fn opening(&self) -> Opening {
        Opening {
            url: self.url.clone(),
            journal: self.journal.clone(),
            session: self.session,
        }
    }

    /// Returns what has data access layers find it.
    pub(crate) fn ambient(&self, case: &TestCase) -> Arc<Ambient> {
        let level = case.isolation_level;
        let adapt = move |options: PoolOptions| with_level(options.max_size(CONNECTIONS), level);
        let owner = format!("test {}", case.name);
        let ambient = Ambient::new(&owner, &self.url, adapt, Some(self.journal.clone()));
        Arc::new(ambient)
    }

    /// Keeps what [`Opening::open`] has opened, for the next who asks.
    pub(crate) fn opened(&mut self, dal: &DataAccessLayer) {
        self.dal = Some(dal.clone());
    }

    /// Returns the test's transaction if it has begun: to the test itself the one that commits, to a fixture one on loan.
    pub(crate) fn transaction(&mut self, by_test: bool) -> Option<Transaction> {
        if by_test && let Some(transaction) = self.transaction.take() {
            return Some(transaction);
        }
        self.lent.as_ref().map(Transaction::lend)
    }

    /// Keeps a transaction that has just begun, and returns it like [`transaction`](OwnDatabase::transaction).
    pub(crate) fn begun(&mut self, transaction: Transaction, by_test: bool) -> Transaction {
        let lent = transaction.lend();
        self.lent = Some(transaction.lend());
        if by_test {
            return transaction;
        }
        self.transaction = Some(transaction);
        lent
    }

    /// Ends the loan to fixtures. Returns the transaction that they have written in, if the test does not ask for it.
    pub(crate) fn left_by_fixtures(&mut self) -> Option<Transaction> {
        // A loan would keep the connection from the pool.
        self.lent = None;
        self.transaction.take()
    }

    /// Lets go of the data access layer. On the test's runtime, which the pool belongs to.
    pub(crate) fn close(&mut self) {
        self.watching.close();
        self.lent = None;
        self.transaction = None;
        self.dal = None;
    }

    /// Drops the database, or keeps it and returns what to tell. On the test's thread, when its runtime is gone: nothing of
    /// the test is connected any more.
    pub(crate) fn end(self, case: &TestCase, failed: bool) -> Option<String> {
        let OwnDatabase {
            url,
            session,
            stock,
            taken,
            watching,
            ..
        } = self;
        // Not earlier: what it tells is for the output of the test, which this thread has.
        if let Some(waited) = watching.end_blocking(case) {
            eprintln!("{}", report::after(case, &waited));
        }
        let keep = match session.config.keep {
            Keep::Never => false,
            Keep::Failed => failed,
            Keep::Always => true,
        };
        let runtime = &session.runtime;
        if !keep {
            block_on_session(runtime, async move { stock.drop_taken(taken).await });
            return None;
        }
        let name = case.name;
        let kept = block_on_session(runtime, async move { stock.keep(taken, name).await });
        Some(match kept {
            Ok(()) => report::kept(&url, session.how_long_kept()),
            Err(error) => report::not_kept(&url, &error),
        })
    }
}

/// How to open the data access layer of a test's own database.
pub(crate) struct Opening {
    url: DatabaseUrl,
    journal: Arc<Journal>,
    session: &'static Session,
}

impl Opening {
    /// Connects; waits while the server is full.
    ///
    /// # Errors
    ///
    /// The server refuses, or stays full.
    pub(crate) async fn open(self, case: &TestCase) -> Result<DataAccessLayer, SetUpError> {
        let open = |builder: DataAccessLayerBuilder, url| async move { builder.open(&url).await };
        self.patiently(case, open).await
    }

    /// The same for a pool of connections, whose statements nobody notes.
    ///
    /// # Errors
    ///
    /// The server refuses, or stays full.
    pub(crate) async fn pool(self, case: &TestCase) -> Result<Pool, SetUpError> {
        let open = |builder: DataAccessLayerBuilder, url| async move {
            let options = builder.pool_options().clone();
            options.open(&url).await
        };
        self.patiently(case, open).await
    }

    async fn patiently<T, F>(
        self,
        case: &TestCase,
        open: impl Fn(DataAccessLayerBuilder, DatabaseUrl) -> F + Send + 'static,
    ) -> Result<T, SetUpError>
    where
        F: Future<Output = aiodal_core::Result<T>> + Send,
        T: Send + 'static,
    {
        let Opening {
            url,
            journal,
            session,
        } = self;
        let patience = session.config.pool.connection_timeout;
        let options = PoolOptions::new()
            .max_size(CONNECTIONS)
            .connection_timeout(patience);
        let mut builder = session
            .hooks()
            .data_access_layer(DataAccessLayer::builder().pool(options));
        let options = with_level(builder.pool_options().clone(), case.isolation_level);
        builder = builder.pool(options).ambient(false);
        let opening = async move {
            let deadline = Instant::now() + patience;
            loop {
                let builder = builder.clone().observer(journal.clone());
                let error = match open(builder, url.clone()).await {
                    Ok(opened) => return Ok(opened),
                    Err(error) => error,
                };
                if error.code() != Some(&SqlState::TOO_MANY_CONNECTIONS)
                    || Instant::now() > deadline
                {
                    return Err(SetUpError::connect(&url, &error));
                }
                tokio::time::sleep(ASK_AGAIN).await;
            }
        };
        if !case.start_paused {
            return opening.await;
        }
        // A paused clock jumps to the end of every time limit while its runtime waits for a socket.
        session
            .runtime
            .spawn(opening)
            .await
            .expect("connecting does not panic, and the session's runtime outlives the test")
    }
}

/// Has all transactions on the connections of a pool begin at an isolation level.
fn with_level(options: PoolOptions, level: Option<IsolationLevel>) -> PoolOptions {
    match level {
        Some(level) => options.on_connect(format!(
            "set session characteristics as transaction isolation level {level}"
        )),
        None => options,
    }
}

impl fmt::Debug for OwnDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnDatabase")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
