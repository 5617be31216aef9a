//! One server and the place where it lies, as a test sees them.

use std::fs::{self, File};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::super::owner::Owner;
use super::super::place::Place;
use super::super::run::RunDirectory;
use super::super::{Server, Settings, connection, ensure_at, reaper};
use super::child::{Attacher, Fate, user_cache};

/// Beyond anything that is not a hang, on a machine with a dozen such tests at once.
pub(super) const DEADLINE: Duration = Duration::from_secs(60);

/// What one test has of its own: a scope, and perhaps a cache.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) settings: Settings,
    directory: PathBuf,
    private_cache: bool,
    is_guest: bool,
}

/// Sees the end of one server.
#[derive(Debug)]
pub(super) struct Watch<'a> {
    site: &'a Site,
    log: File,
    /// Of System V shared memory, which every postmaster has one of.
    segment: String,
}

impl Site {
    /// With the cache, and so the lock, that all processes of this user share.
    pub(super) fn shared(linger: Duration) -> Site {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let directory =
            std::env::temp_dir().join(format!("aiodal-test-{}-{number}", std::process::id()));
        fs::create_dir(&directory).unwrap();
        let settings = Settings {
            bin: std::env::var_os("AIODAL_PG_BIN").map(PathBuf::from),
            linger: Some(linger),
            ..Settings::default()
        };
        Site {
            settings,
            directory,
            private_cache: false,
            is_guest: false,
        }
    }

    /// With a cache of its own, for what the starts of other tests would sweep or share.
    pub(super) fn private(linger: Duration) -> Site {
        let mut site = Site::shared(linger);
        site.private_cache = true;
        fs::create_dir(site.cache()).unwrap();
        site
    }

    /// Another server of the same cache.
    pub(super) fn neighbour(&self) -> Site {
        let settings = Settings {
            linger: Some(self.settings.linger() * 2),
            ..self.settings.clone()
        };
        let directory = self.directory.clone();
        Site {
            settings,
            directory,
            private_cache: self.private_cache,
            is_guest: true,
        }
    }

    pub(super) fn with(mut self, change: impl FnOnce(&mut Settings)) -> Site {
        change(&mut self.settings);
        self
    }

    pub(super) fn scope(&self) -> &Path {
        &self.directory
    }

    pub(super) fn cache(&self) -> PathBuf {
        if self.private_cache {
            self.directory.join("cache")
        } else {
            user_cache()
        }
    }

    pub(super) fn place(&self) -> Place {
        let owner = Owner::choose(self.settings.user.as_deref()).unwrap();
        Place::under(self.cache(), owner, &self.settings, self.scope())
    }

    pub(super) fn attach(&self) -> Attacher {
        self.attach_with(Fate::Leaves)
    }

    pub(super) fn attach_with(&self, fate: Fate) -> Attacher {
        Attacher::spawn(self, fate)
    }

    pub(super) async fn ensure(&self) -> Server {
        ensure_at(&self.place(), &self.settings).await.unwrap()
    }

    #[track_caller]
    pub(super) fn run(&self) -> RunDirectory {
        self.place()
            .run()
            .unwrap()
            .expect("there is a run directory")
    }

    /// To be made while the server runs.
    #[track_caller]
    pub(super) fn watch(&self) -> Watch<'_> {
        let run = self.run();
        let pid_file = fs::read_to_string(run.data().join("postmaster.pid")).unwrap();
        let segment = pid_file.lines().nth(6).unwrap().split_whitespace().nth(1);
        Watch {
            site: self,
            log: File::open(run.path().join("log")).unwrap(),
            segment: segment.unwrap().to_owned(),
        }
    }

    /// The run directories of this server, the one that is being removed included.
    pub(super) fn leftovers(&self) -> Vec<PathBuf> {
        let path = self.place().new_run().unwrap().path().to_owned();
        let going = path.with_extension("gone");
        [path, going]
            .into_iter()
            .filter(|path| fs::symlink_metadata(path).is_ok())
            .collect()
    }

    pub(super) fn cached_cluster(&self) -> PathBuf {
        let entries = fs::read_dir(self.cache())
            .unwrap()
            .map(|entry| entry.unwrap());
        let mut clusters =
            entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("cluster-"));
        clusters.next().expect("a cluster is cached").path()
    }

    #[track_caller]
    pub(super) fn postmaster(&self) -> u32 {
        let text = fs::read_to_string(self.run().data().join("postmaster.pid")).unwrap();
        text.lines().next().unwrap().parse().unwrap()
    }

    /// The parent of the postmaster.
    #[track_caller]
    pub(super) fn wrapper(&self) -> u32 {
        let output = Command::new("ps")
            .args(["-o", "ppid=", "-p", &self.postmaster().to_string()])
            .output()
            .unwrap();
        String::from_utf8(output.stdout)
            .unwrap()
            .trim()
            .parse()
            .unwrap()
    }

    pub(super) fn reaper(&self) -> Option<u32> {
        let answer =
            self.query("SELECT pid FROM pg_stat_activity WHERE application_name = 'aiodal-reaper'");
        answer.map(|pid| pid.parse().unwrap())
    }

    pub(super) fn end_server(&self) {
        let run = self.run();
        // On a thread of its own, so that a test may call it from within a runtime.
        on_a_thread(move || async move {
            let connection = connection::connect(&run).await.unwrap();
            reaper::end(&connection.client).await;
        });
    }

    /// The first value of the first row, from a connection of its own.
    #[track_caller]
    pub(super) fn query(&self, sql: &str) -> Option<String> {
        let run = self.run();
        let sql = sql.to_owned();
        on_a_thread(move || async move {
            let connection = connection::connect(&run).await.unwrap();
            let messages = connection.client.simple_query(&sql).await.unwrap();
            messages.iter().find_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                _ => None,
            })
        })
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if !self.is_guest {
            let _left = fs::remove_dir_all(&self.directory);
        }
    }
}

impl Watch<'_> {
    #[track_caller]
    pub(super) fn until_nothing_is_left(&self) {
        eventually("the run directory is removed", || {
            self.site.leftovers().is_empty()
        });
        self.until_no_process_is_left();
        eventually("the segment of shared memory is removed", || {
            let segments = Command::new("ipcs").arg("-m").output().unwrap().stdout;
            let segments = String::from_utf8(segments).unwrap();
            segments.split_whitespace().all(|word| word != self.segment)
        });
    }

    /// The lock on the log is free when the last process of the server has ended.
    #[track_caller]
    pub(super) fn until_no_process_is_left(&self) {
        eventually("the last process ends", || {
            let ended = self.log.try_lock().is_ok();
            if ended {
                self.log.unlock().unwrap();
            }
            ended
        });
    }
}

/// Waits for a condition, looking every few milliseconds.
#[track_caller]
pub(super) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(
            begun.elapsed() < DEADLINE,
            "waited {DEADLINE:?} in vain: {what}"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Kills a process with -9.
pub(super) fn kill(process: u32) {
    let status = Command::new("kill")
        .args(["-9", &process.to_string()])
        .status()
        .unwrap();
    assert!(status.success(), "there is no process {process}");
}

pub(super) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

fn on_a_thread<F, T>(work: impl FnOnce() -> F + Send + 'static) -> T
where
    F: Future<Output = T>,
    T: Send + 'static,
{
    std::thread::spawn(move || block_on(work())).join().unwrap()
}
