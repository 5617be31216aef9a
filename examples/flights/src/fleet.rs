//! The planes.

use aiodal::{Result, Transaction};
use jiff::civil::Date;

const REGISTER: &str = "insert into planes (tailnum) values ($1) on conflict do nothing";

/// Registers a plane of which only the tail number is known; says whether it is new.
///
/// # Errors
///
/// It is not a tail number (`is_check_violation`).
pub async fn register(tx: &Transaction, tailnum: &str) -> Result<bool> {
    Ok(tx.execute(REGISTER, &[&tailnum]).await? == 1)
}

/// Takes a plane out of service and off the flights scheduled from that day on.
///
/// Returns how many flights need another plane.
///
/// # Errors
///
/// What the server refused.
pub async fn retire(tx: &Transaction, tailnum: &str, from: Date) -> Result<u64> {
    tx.execute(
        "update planes set retired_on = $2 where tailnum = $1",
        &[&tailnum, &from],
    )
    .await?;
    let sql = "
        update flights set tailnum = null
        where tailnum = $1 and day >= $2 and status = 'scheduled'";
    tx.execute(sql, &[&tailnum, &from]).await
}

/// Gives a plane another tail number, in its flights too; returns how many flights it has.
///
/// Between the two statements its flights name a plane that isn't there. The reference is deferred:
/// it is checked when the transaction commits.
///
/// # Errors
///
/// The new one is taken (`is_unique_violation`) or not a tail number (`is_check_violation`).
pub async fn reregister(tx: &Transaction, old: &str, new: &str) -> Result<u64> {
    tx.execute(
        "update planes set tailnum = $2 where tailnum = $1",
        &[&old, &new],
    )
    .await?;
    tx.execute(
        "update flights set tailnum = $2 where tailnum = $1",
        &[&old, &new],
    )
    .await
}
