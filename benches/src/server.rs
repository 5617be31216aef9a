//! The one server that all contestants of a suite talk to.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::runtime::Builder;
use tokio_postgres::error::SqlState;
use tokio_postgres::{NoTls, SimpleQueryMessage};

use crate::postgres::Postgres;
use crate::scratch::{Scratch, fastest};
use crate::{BoxError, Result, interrupt, process};

/// Durability costs only those who commit, which is `sqlx::test` here: it is spared that.
const SETTINGS: [&str; 8] = [
    "listen_addresses=",
    "max_connections=300",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",
    "restart_after_crash=off",
    "dynamic_shared_memory_type=mmap",
];

/// The server's parent. It outlives this process: however this one ends, its end of the pipe closes,
/// and the server and its directory go. A killed server takes its directory along too.
const PARENT: &str = r#"d=$1; shift
"$@" & p=$!
read -r _ || kill -QUIT $p
wait $p
rm -rf "$d""#;

const START_LIMIT: Duration = Duration::from_secs(30);

/// A running server. Dropped, it stops, and its directory is removed.
#[derive(Debug)]
pub(crate) struct Server {
    parent: Child,
    directory: PathBuf,
}

impl Server {
    /// Makes a cluster and starts a server on it, in memory if there is room.
    ///
    /// # Errors
    ///
    /// `initdb` fails, or the server does not answer; with what it logged.
    pub(crate) fn start(postgres: &Postgres) -> Result<Server> {
        Server::start_with(postgres, &[])
    }

    /// The same with settings of the suite's own.
    ///
    /// # Errors
    ///
    /// What [`start`](Server::start) says, and a setting that the server does not know.
    pub(crate) fn start_with(postgres: &Postgres, settings: &[&str]) -> Result<Server> {
        let scratch = Scratch::new(&fastest(), "server", &postgres.user)?;
        let data = scratch.path().join("data");
        let mut initdb = postgres.command("initdb");
        initdb.args([
            "-N",
            "-A",
            "trust",
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C",
            "-D",
        ]);
        process::timed(initdb.arg(&data))?;
        let parent = spawn(postgres, scratch.path(), &data, settings)?;
        let directory = scratch.keep();
        let server = Server { parent, directory };
        server.answers()?;
        Ok(server)
    }

    /// The URL of a database, as tokio-postgres, aiodal and sqlx read it.
    pub(crate) fn url(&self, database: &str) -> String {
        let directory = self.directory.display();
        format!("postgres:///{database}?host={directory}&port=5432&user=postgres")
    }

    /// Makes a database with a schema in it.
    ///
    /// # Errors
    ///
    /// The server refuses.
    pub(crate) fn create_database(&self, name: &str, schema: &str) -> Result<()> {
        self.talk("postgres", &format!("create database {name}"))?;
        self.talk(name, schema)?;
        Ok(())
    }

    /// Runs statements in a database.
    ///
    /// # Errors
    ///
    /// The server refuses.
    pub(crate) fn run(&self, database: &str, sql: &str) -> Result<()> {
        self.talk(database, sql).map(drop)
    }

    /// Runs statements one after the other on one connection.
    ///
    /// # Errors
    ///
    /// The server refuses.
    pub(crate) fn run_each(
        &self,
        database: &str,
        statements: impl IntoIterator<Item = String>,
    ) -> Result<()> {
        let config: tokio_postgres::Config = self.url(database).parse()?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let (client, connection) = config.connect(NoTls).await?;
            let driver = tokio::spawn(connection);
            for sql in statements {
                client.batch_execute(&sql).await?;
            }
            drop(client);
            driver.await??;
            Ok(())
        })
    }

    /// Where its socket is.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    fn answers(&self) -> Result<()> {
        let begun = Instant::now();
        loop {
            interrupt::check()?;
            match self.talk("postgres", "") {
                Ok(_) => return Ok(()),
                Err(error) if begun.elapsed() > START_LIMIT => {
                    let log =
                        std::fs::read_to_string(self.directory.join("log")).unwrap_or_default();
                    return Err(format!("the server does not answer: {error}\n{log}").into());
                }
                Err(_) => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    /// Clears away what rolled-back transactions have left in every database, of whichever contestant it is.
    ///
    /// # Errors
    ///
    /// The server refuses.
    pub(crate) fn vacuum(&self) -> Result<()> {
        for database in self.talk(
            "postgres",
            "select datname from pg_database where datallowconn",
        )? {
            match self.talk(&database, "vacuum") {
                // A contestant may have dropped it meanwhile.
                Err(error) if is_missing(&error) => {}
                done => drop(done?),
            }
        }
        Ok(())
    }

    /// Runs statements and returns the first cell of each row.
    fn talk(&self, database: &str, sql: &str) -> Result<Vec<String>> {
        let mut config: tokio_postgres::Config = self.url(database).parse()?;
        config.connect_timeout(START_LIMIT);
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let messages = runtime.block_on(async {
            let (client, connection) = config.connect(NoTls).await?;
            let driver = tokio::spawn(connection);
            let said = client.simple_query(sql).await;
            drop(client);
            driver.await??;
            Ok::<_, BoxError>(said?)
        });
        let cell = |message| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        };
        Ok(messages?.into_iter().filter_map(cell).collect())
    }
}

fn is_missing(error: &BoxError) -> bool {
    let error = error.downcast_ref::<tokio_postgres::Error>();
    error.and_then(tokio_postgres::Error::code) == Some(&SqlState::INVALID_CATALOG_NAME)
}

fn spawn(postgres: &Postgres, directory: &Path, data: &Path, settings: &[&str]) -> Result<Child> {
    let mut command = Command::new("/bin/sh");
    postgres.user.run(&mut command);
    command
        .args(["-c", PARENT, "aiodal-benches"])
        .arg(directory);
    command
        .arg(postgres.program("postgres"))
        .arg("-D")
        .arg(data)
        .arg("-k")
        .arg(directory);
    for setting in SETTINGS.iter().chain(settings) {
        command.args(["-c", setting]);
    }
    command.args(["-c", "logging_collector=off"]);
    let path = directory.join("log");
    let log = std::fs::File::create(&path)
        .map_err(|error| format!("failed to make {}: {error}", path.display()))?;
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LC_ALL", "C")
        .env("TZ", "UTC");
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(log);
    // A Ctrl-C is for the contestants; the server goes when this process says so.
    command.process_group(0);
    let child = command.spawn();
    Ok(child.map_err(|error| format!("failed to start /bin/sh: {error}"))?)
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.parent.stdin.take());
        // It has been told to go, and there is nobody to hear how it went.
        let _gone = self.parent.wait();
    }
}
