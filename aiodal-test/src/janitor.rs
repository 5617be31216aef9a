//! The janitor of a given server: drops the session database when the last process has left it.
//!
//! Nothing runs after the last test: libtest has no hook for it, nextest has many processes and no last one, and
//! `kill -9` leaves no time. On a server of our own the server itself sees to it. On a given one a process must, so
//! whoever makes a session database starts one: this same executable, which takes this road before `main` when it
//! finds [`VARIABLE`] set. It holds a connection to the database (so nobody sweeps it), counts the others, and ends
//! with it. A janitor that is killed is replaced by the next session; a database without any is swept by it.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use aiodal_core::{BoxError, DatabaseUrl};
use tokio::runtime::Builder;

use crate::backend;
use crate::template::{Admin, template_of};

/// How a janitor's connection is recognised in `pg_stat_activity`.
pub(crate) const NAME: &str = "aiodal-janitor";

/// Not one of the `AIODAL_` variables, which are for people.
const VARIABLE: &str = "_AIODAL_JANITOR";

/// What a janitor answers once it is connected.
const READY: &str = "ready";

/// What a janitor is told through its standard input, where no process list shows it.
pub(crate) struct Orders<'a> {
    /// The URL as it was given, password and all.
    pub(crate) url: &'a str,
    pub(crate) database: &'a str,
    pub(crate) linger: Duration,
}

/// Starts the janitor of a database and waits until it has connected.
///
/// # Errors
///
/// It could not be started, or did not connect.
pub(crate) fn start(orders: &Orders<'_>) -> io::Result<()> {
    let Orders {
        url,
        database,
        linger,
    } = orders;
    let mut janitor = Command::new(std::env::current_exe()?)
        .env(VARIABLE, "1")
        // Should it ever not take that road, it lists its tests instead of running them.
        .arg("--list")
        .current_dir("/")
        // nextest kills the group of a test that takes too long, and waits for whoever holds its output.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let orders = format!("{database}\n{}\n{url}", linger.as_millis());
    janitor
        .stdin
        .take()
        .expect("it is piped")
        .write_all(orders.as_bytes())?;
    let mut answer = String::new();
    BufReader::new(janitor.stdout.take().expect("it is piped")).read_line(&mut answer)?;
    if answer.trim_end() == READY {
        Ok(())
    } else {
        Err(io::Error::other(answer))
    }
}

/// Runs before `main` in every test binary, and returns at once in all but a janitor.
#[ctor::ctor(unsafe)]
fn before_main() {
    if std::env::var_os(VARIABLE).is_some() {
        serve();
        std::process::exit(0);
    }
}

fn serve() {
    let mut orders = String::new();
    if io::stdin().read_to_string(&mut orders).is_err() {
        return;
    }
    let mut lines = orders.splitn(3, '\n');
    let (Some(database), Some(linger), Some(url)) = (lines.next(), lines.next(), lines.next())
    else {
        return;
    };
    let (Ok(linger), Ok(url)) = (linger.parse(), url.parse::<DatabaseUrl>()) else {
        return;
    };
    let Ok(runtime) = Builder::new_current_thread().enable_all().build() else {
        return;
    };
    // Nobody is left to tell of an error: a database that stays is swept by the next session.
    let _unheard = runtime.block_on(keep(&url, database, Duration::from_millis(linger)));
}

/// Waits until the database has been alone for as long as it may linger, and drops it.
async fn keep(url: &DatabaseUrl, database: &str, linger: Duration) -> Result<(), BoxError> {
    let database_url = url.with_database(database).with_application_name(NAME);
    let mut told = false;
    loop {
        let connected = backend::connect(&database_url).await;
        if !told {
            told = true;
            answer(&match &connected {
                Ok(_) => READY.to_owned(),
                Err(error) => aiodal_core::chain(error.as_ref()).replace('\n', " "),
            });
        }
        let mut backend = connected?;
        backend
            .talk(async |client| wait_until_alone(client, linger).await)
            .await??;
        let admin = Admin::connect(&url.with_application_name(NAME)).await?;
        admin.lock().await?;
        // Whoever comes now finds the database in use or gone, and makes another.
        drop(backend);
        if admin.drop_unused(database).await? {
            if let Some(template) = template_of(database) {
                admin.drop_spares(template).await;
            }
            return Ok(());
        }
    }
}

fn answer(text: &str) {
    let mut stdout = io::stdout();
    // The starter is gone only if it was killed; the job stays the same.
    let _gone = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
}

async fn wait_until_alone(
    client: &tokio_postgres::Client,
    linger: Duration,
) -> Result<(), BoxError> {
    let others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
    let mut last_seen = Instant::now();
    while last_seen.elapsed() < linger {
        tokio::time::sleep((linger / 8).min(Duration::from_millis(500))).await;
        let others: i64 = client.query_typed_one(others, &[]).await?.get(0);
        if others > 0 {
            last_seen = Instant::now();
        }
    }
    Ok(())
}
