//! Many sets of layers, each asked for by two tests at once: run with `--test-threads=2`.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use aiodal::{Migrations, Transaction};

struct Library;

#[aiodal::session]
impl aiodal::Session for Library {
    fn migrations() -> Migrations {
        Migrations::dir("migrations")
    }
}

/// Returns when two tests have a connection to the same database.
fn meet(barrier: &Barrier) {
    barrier.wait();
}

macro_rules! set {
    ($layer:ident, $one:ident, $two:ident, $barrier:ident) => {
        static $barrier: Barrier = Barrier::new(2);

        #[aiodal::fixture(scope = "session", named)]
        async fn $layer(tx: &mut Transaction) -> aiodal::Result<()> {
            let sql = concat!(
                "insert into author (name) values ('",
                stringify!($layer),
                "')"
            );
            tx.batch_execute(sql).await
        }

        #[aiodal::test]
        async fn $one(#[from($layer)] _rows: &(), _tx: &Transaction) {
            meet(&$barrier);
        }

        #[aiodal::test]
        async fn $two(#[from($layer)] _rows: &(), _tx: &Transaction) {
            meet(&$barrier);
        }
    };
}

set!(a, a1, a2, A);
set!(b, b1, b2, B);
set!(c, c1, c2, C);
set!(d, d1, d2, D);
set!(e, e1, e2, E);

#[aiodal::test]
async fn z_connections_are_not_kept_idle_for_every_set(tx: &Transaction) -> aiodal::Result<()> {
    // The one that looks for locks is no test's.
    let sql = "select count(*) from pg_stat_activity where datname like 'aiodal\\_%' and application_name <> 'aiodal-locks'";
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let open: i64 = tx.query_scalar(sql, &[]).await?;
        // One for each of six sets, and three times what two tests can use; ten, and this one, were all kept.
        if open <= 9 {
            return Ok(());
        }
        assert!(Instant::now() < deadline, "{open} connections are open");
        tx.batch_execute("select pg_stat_clear_snapshot()").await?;
    }
}
