//! COPY in a transaction: bytes in, bytes out.

mod copy_in;
mod copy_out;

pub use self::copy_in::CopyIn;
pub use self::copy_out::CopyOut;
use crate::error::{Error, Result};
use crate::lane::{Lane, Observed, Outcome, Params, Ticket};

/// What is told and kept of a COPY while it runs.
struct Running {
    ticket: Ticket,
    observed: Option<Observed>,
    sql: String,
    ended: bool,
}

impl Running {
    async fn start<T>(
        lane: &Lane,
        sql: &str,
        start: impl Future<Output = Result<(T, Ticket)>>,
    ) -> Result<(T, Running)> {
        let observed = lane.observe(sql, Params::NONE);
        match start.await {
            Ok((started, ticket)) => {
                let running = Running {
                    ticket,
                    observed,
                    sql: sql.to_owned(),
                    ended: false,
                };
                Ok((started, running))
            }
            Err(error) => {
                if let Some(observed) = observed {
                    observed.finished(Outcome::Failed(&error));
                }
                Err(error)
            }
        }
    }

    fn end<T>(
        &mut self,
        result: Result<T, tokio_postgres::Error>,
        rows: impl Fn(&T) -> Option<u64>,
    ) -> Result<T> {
        self.ended = true;
        self.ticket.answered();
        let result = result.map_err(|error| self.ticket.lane().failed(&self.sql, error));
        if let Some(observed) = self.observed.take() {
            observed.finished(match &result {
                Ok(value) => Outcome::Rows(rows(value)),
                Err(error) => Outcome::Failed(error),
            });
        }
        result
    }

    /// Refuses to go on with a COPY that has failed.
    fn check(&self) -> Result<()> {
        if self.ended {
            return Err(Error::copy_failed(&self.sql));
        }
        Ok(())
    }
}
