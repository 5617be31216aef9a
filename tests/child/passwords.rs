//! Logging in by password: nothing is said of it unless it takes long, and then once, with what to do.

use aiodal::Transaction;

use crate::crates::faults;
use crate::postgres::Postgres;
use crate::run::{Outcome, Report, run};

const HBA: &str = "host all all 127.0.0.1/32 scram-sha-256";

/// What the server keeps of the password `hunter2`, hashed in one round, and in as many as the driver takes: 25 times the
/// usual, about what the usual ones cost where nothing is optimised.
const ONE_ROUND: &str = "SCRAM-SHA-256$1:YWlvZGFsLXRlc3Qtc2FsdA==$blzps/obR8YylLwJOzz5dj9GaHljv4wTQ9jOUVD+muc=:fs0rfWzGDOcrOS/JIGyXHhpFbyoyQseMjA1AX3SUTZM=";
const MANY_ROUNDS: &str = "SCRAM-SHA-256$100000:YWlvZGFsLXRlc3Qtc2FsdA==$mXe1uGQvnfkfCIfbra0ZZJ9ife8lwDg+yNtm+4x3OaY=:twAdPiEI/gkikyd0Z4lhItUt4M9rw7IMvwhfa1rJwCw=";

fn log_in(server: &Postgres, user: &str) -> Report {
    let port = server.port();
    let url = format!("postgres://{user}:hunter2@127.0.0.1:{port}/postgres");
    // All that is printed, of passing tests too.
    let report = run(faults("plain")
        .args(["--exact", "answers", "answers_again", "--nocapture"])
        .env("AIODAL_DATABASE_URL", url));
    assert_eq!(report.with(Outcome::Ok).len(), 2, "{report:#?}");
    report.assert_keeps("hunter2");
    report
}

#[aiodal::test(flavor = "multi_thread")]
async fn slow_login_by_password_is_told_once_with_the_lines_to_add(
    _tx: &Transaction,
) -> aiodal::Result<()> {
    let Some(server) = Postgres::start("", HBA, &[]) else {
        return Ok(());
    };
    let admin = server.admin().await;
    let roles = format!(
        "create role quick login password '{ONE_ROUND}'; create role slow login password '{MANY_ROUNDS}'"
    );
    admin
        .batch_execute(&roles)
        .await
        .expect("the administrator may");
    let (quick, slow) =
        tokio::task::block_in_place(|| (log_in(&server, "quick"), log_in(&server, "slow")));
    assert_eq!(quick.count("logging in has computed"), 0, "{quick:#?}");
    assert_eq!(
        slow.count("aiodal: logging in has computed for "),
        1,
        "{slow:#?}"
    );
    assert_eq!(
        slow.count("postgres-protocol = { opt-level = 3 }"),
        1,
        "{slow:#?}"
    );
    Ok(())
}
