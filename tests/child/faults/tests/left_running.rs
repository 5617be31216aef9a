//! Tests that leave a short statement running, so that the request to cancel it often comes when it has just ended: each
//! is followed by one that would notice a request meant for the one before.

use std::future::{Future, poll_fn};
use std::task::Poll;

use aiodal::Transaction;

type Result = aiodal::Result<()>;

async fn leave_running(tx: &Transaction, milliseconds: u32) -> Result {
    let sql = format!("select pg_sleep({milliseconds} / 1000.0)");
    tx.execute("select 1", &[]).await?;
    let mut left = Box::pin(tx.execute(&sql, &[]));
    poll_fn(|cx| {
        assert!(left.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
    Ok(())
}

macro_rules! pairs {
    ($($name:ident = $milliseconds:literal),* $(,)?) => {$(
        mod $name {
            use super::*;

            #[aiodal::test]
            async fn a_leaves_a_statement_running(tx: &Transaction) -> Result {
                leave_running(tx, $milliseconds).await
            }

            #[aiodal::test]
            async fn b_is_not_hit_by_its_cancel(tx: &Transaction) -> Result {
                for _ in 0..5 {
                    tx.execute("select pg_sleep(0.001)", &[]).await?;
                }
                Ok(())
            }
        }
    )*};
}

pairs! {
    p00 = 0, p01 = 1, p02 = 2, p03 = 3, p04 = 4, p05 = 5, p06 = 6, p07 = 7, p08 = 8, p09 = 9,
    p10 = 0, p11 = 1, p12 = 2, p13 = 3, p14 = 4, p15 = 5, p16 = 6, p17 = 7, p18 = 8, p19 = 9,
    p20 = 0, p21 = 1, p22 = 2, p23 = 3, p24 = 4, p25 = 5, p26 = 6, p27 = 7, p28 = 8, p29 = 9,
}
