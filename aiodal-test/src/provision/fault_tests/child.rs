//! The processes that attach, hold and die.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use tokio_postgres::NoTls;

use super::super::directory;
use super::super::owner::Owner;
use super::super::place::Place;
use super::super::{Attached, Settings, Standing, endpoint_at, ensure_at, verify};
use super::site::{DEADLINE, Site, block_on, kill};

const SCOPE: &str = "AIODAL_ROLE_SCOPE";
const CACHE: &str = "AIODAL_ROLE_CACHE";
const LINGER: &str = "AIODAL_ROLE_LINGER_MS";
const USER: &str = "AIODAL_ROLE_USER";
const BIN: &str = "AIODAL_ROLE_BIN";
const DIES_AT: &str = "AIODAL_ROLE_DIES_AT";

/// What the child says when it is attached.
const SAYS: &str = "attached ";

/// How a child ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fate {
    Leaves,
    /// Kills itself with -9 at a point of the start, see [`reach`].
    DiesAt(&'static str),
}

/// A process that attaches and holds its connection until it is told to leave.
#[derive(Debug)]
pub(super) struct Attacher {
    child: Child,
    hold: Option<ChildStdin>,
    said: Receiver<Report>,
}

/// What a child has attached to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Report {
    /// The moment the postmaster started, which no two of a test share.
    pub(super) server: String,
    pub(super) started: bool,
}

/// Kills this process with -9 if it was told to die at `point` of a start.
pub(in super::super) fn reach(point: &str) {
    if std::env::var_os(DIES_AT).is_some_and(|told| told == point) {
        kill(std::process::id());
        std::thread::park();
    }
}

impl Attacher {
    pub(super) fn spawn(site: &Site, fate: Fate) -> Attacher {
        let module = module_path!();
        let (_, role) = module.split_once("::").expect("a module is in a crate");
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([
            &format!("{role}::role"),
            "--exact",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ]);
        command.env(SCOPE, site.scope()).env(CACHE, site.cache());
        // There, nobody looks at what is kept.
        command.env_remove("CI");
        command.env(LINGER, site.settings.linger().as_millis().to_string());
        if let Some(bin) = &site.settings.bin {
            command.env(BIN, bin);
        }
        if let Some(user) = &site.settings.user {
            command.env(USER, user);
        }
        if let Fate::DiesAt(point) = fate {
            command.env(DIES_AT, point);
        }
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit());
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, said) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                // libtest writes the name of the test in front of it.
                let Some((_, report)) = line.split_once(SAYS) else {
                    continue;
                };
                let (how, server) = report.split_once(' ').unwrap();
                let report = Report {
                    server: server.to_owned(),
                    started: how == "started",
                };
                // A test that kills the child may not ask.
                let _unasked = sender.send(report);
            }
        });
        let hold = child.stdin.take();
        Attacher { child, hold, said }
    }

    /// Waits until the child is attached.
    #[track_caller]
    pub(super) fn attached(&self) -> Report {
        self.said
            .recv_timeout(DEADLINE)
            .expect("the child attaches")
    }

    /// Waits for the child unless it is dead by then.
    pub(super) fn attached_or_dead(&self) -> Option<Report> {
        self.said.recv_timeout(DEADLINE).ok()
    }

    /// Lets the child close its connection and end.
    #[track_caller]
    pub(super) fn leave(mut self) {
        drop(self.hold.take());
        assert!(self.child.wait().unwrap().success());
    }

    /// Lets the child end, which has lost its server.
    pub(super) fn abandon(mut self) {
        drop(self.hold.take());
        self.child.wait().unwrap();
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    #[track_caller]
    pub(super) fn kill(self) {
        kill(self.child.id());
        self.await_death();
    }

    /// Waits for the child to be killed, by itself or by others.
    #[track_caller]
    pub(super) fn await_death(mut self) {
        use std::os::unix::process::ExitStatusExt;
        assert_eq!(self.child.wait().unwrap().signal(), Some(9));
    }
}

#[test]
#[ignore = "not a test: what the children of the others run"]
fn role() {
    let scope = PathBuf::from(std::env::var_os(SCOPE).expect("started by a test of this module"));
    let linger: u64 = std::env::var(LINGER).unwrap().parse().unwrap();
    let user = std::env::var(USER).ok();
    let settings = Settings {
        bin: std::env::var_os(BIN).map(PathBuf::from),
        user,
        linger: Some(Duration::from_millis(linger)),
        ..Settings::default()
    };
    let owner = Owner::choose(settings.user.as_deref()).unwrap();
    let cache = PathBuf::from(std::env::var_os(CACHE).unwrap());
    let place = Place::under(cache, owner, &settings, &scope);
    block_on(hold(&place, &settings));
}

/// Attaches as a session does, and holds the connection until the test lets go.
async fn hold(place: &Place, settings: &Settings) {
    let mut started = false;
    let mut known = endpoint_at(place, settings).unwrap();
    let client = loop {
        let server = match known.take() {
            Some(server) => server,
            None => ensure_at(place, settings).await.unwrap(),
        };
        started |= matches!(server.how, Attached::Started);
        let Ok((client, connection)) = server.config("postgres").connect(NoTls).await else {
            continue;
        };
        tokio::spawn(connection);
        if verify(&client, &server).await.unwrap() == Standing::Held {
            break client;
        }
    };
    let row = client
        .query_one("SELECT pg_postmaster_start_time()::text", &[])
        .await
        .unwrap();
    let server: String = row.get(0);
    println!(
        "{SAYS}{} {server}",
        if started { "started" } else { "joined" }
    );
    // The runtime is current_thread, so the wait for the test is not on it: the connection stays driven.
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()))
        .await
        .unwrap()
        .unwrap();
    let still_there = client.query_one("SELECT 1", &[]).await;
    assert!(
        still_there.is_ok(),
        "the server was taken from under a session: {still_there:?}"
    );
}

/// The cache that processes of this user share.
pub(super) fn user_cache() -> PathBuf {
    directory::cache(&Owner::choose(None).unwrap()).unwrap()
}
