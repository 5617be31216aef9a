//! A PostgreSQL of a test's own, for what the session's can't be asked: passwords, TLS, a restart.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use tokio_postgres::{Client, Config, NoTls};

/// The role that `initdb` makes; it may connect through the socket, in a directory that nobody else can enter.
pub(crate) const ADMIN: &str = "admin";

/// A server that ends with the test, however that ends: it lives as long as the pipe to the shell that watches it.
pub(crate) struct Postgres {
    binaries: PathBuf,
    directory: PathBuf,
    port: u16,
    /// Whom root becomes.
    owner: Option<(u32, u32)>,
    shell: Option<Child>,
}

/// Starts the server and waits for a word on its standard input, or the end of it, as when the test is killed.
const SHELL: &str = r#"
"$1"/postgres -D "$2"/data -p "$3" -k "$2" & server=$!
read word
case "$word" in stop) kill -INT $server ;; *) kill -QUIT $server ;; esac
wait $server
[ "$word" = stop ] || rm -rf "$2"
"#;

impl Postgres {
    /// Starts a server with these lines in `postgresql.conf` and `pg_hba.conf`; `files` are put into its directory first.
    ///
    /// `None`, with a word on standard error, where no PostgreSQL is installed.
    pub(crate) fn start(conf: &str, hba: &str, files: &[&Path]) -> Option<Postgres> {
        let Some(binaries) = binaries() else {
            eprintln!("skipped: there is no PostgreSQL here that the test could start");
            return None;
        };
        let directory = scratch("postgres");
        let owner = owner();
        let mut server = Postgres {
            binaries,
            directory,
            port: free_port(),
            owner,
            shell: None,
        };
        server
            .init(conf, hba, files)
            .expect("initdb makes a cluster");
        // Somebody else may have taken the port meanwhile.
        while let Err(log) = server.run() {
            assert!(
                log.contains("could not bind"),
                "the server did not start:\n{log}"
            );
            server.port = free_port();
        }
        Some(server)
    }

    fn init(&self, conf: &str, hba: &str, files: &[&Path]) -> io::Result<()> {
        self.give(&self.directory)?;
        let data = self.directory.join("data");
        let made = self
            .command("initdb")
            .arg("-D")
            .arg(&data)
            .args([
                "-U",
                ADMIN,
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-locale",
                "--no-sync",
            ])
            .output()?;
        if !made.status.success() {
            return Err(io::Error::other(
                String::from_utf8_lossy(&made.stderr).into_owned(),
            ));
        }
        let common = "listen_addresses = '127.0.0.1'\nfsync = off\nshared_buffers = 8MB\nlc_messages = 'C'\n\
                      password_encryption = 'scram-sha-256'\n";
        let path = data.join("postgresql.conf");
        let mut file = fs::OpenOptions::new().append(true).open(path)?;
        write!(file, "\n{common}{conf}\n")?;
        fs::write(
            data.join("pg_hba.conf"),
            format!("local all {ADMIN} trust\n{hba}\n"),
        )?;
        for file in files {
            let copy = data.join(file.file_name().expect("a file"));
            fs::copy(file, &copy)?;
            fs::set_permissions(&copy, fs::Permissions::from_mode(0o600))?;
            self.give(&copy)?;
        }
        Ok(())
    }

    /// Starts the server, and returns its log if it doesn't.
    fn run(&mut self) -> Result<(), String> {
        let mut shell = self
            .command_at("/bin/sh".as_ref())
            .args(["-c", SHELL, "sh"])
            .arg(&self.binaries)
            .arg(&self.directory)
            .arg(self.port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("there is a shell");
        let log = BufReader::new(shell.stderr.take().expect("it is piped"));
        self.shell = Some(shell);
        let (tell, told) = mpsc::channel();
        // It reads to the end, so that the server never waits for a full pipe.
        std::thread::spawn(move || {
            let mut so_far = String::new();
            for line in log.lines().map_while(Result::ok) {
                if line.contains("database system is ready to accept connections") {
                    let _heard = tell.send(Ok(()));
                }
                so_far.push_str(&line);
                so_far.push('\n');
                if line.contains("database system is shut down") {
                    break;
                }
            }
            let _heard = tell.send(Err(so_far));
        });
        let started = told.recv_timeout(Duration::from_secs(60));
        let started = started.unwrap_or_else(|_| Err("it is silent".to_owned()));
        if started.is_err() {
            self.end("stop");
        }
        started
    }

    /// Ends the server as an administrator would: its sessions are told and closed.
    pub(crate) fn stop(&mut self) {
        self.end("stop");
    }

    /// Starts it again, in the same place.
    pub(crate) fn start_again(&mut self) {
        self.run().expect("it has started before");
    }

    fn end(&mut self, word: &str) {
        let Some(mut shell) = self.shell.take() else {
            return;
        };
        let mut stdin = shell.stdin.take().expect("it is piped");
        // The shell is gone only if somebody has killed it.
        let _gone = writeln!(stdin, "{word}");
        drop(stdin);
        let _gone = shell.wait();
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Connects through the socket as the role that may do all.
    pub(crate) async fn admin(&self) -> Client {
        let mut config = Config::new();
        config.host_path(&self.directory).port(self.port);
        let connected = config.user(ADMIN).dbname("postgres").connect(NoTls).await;
        let (client, connection) = connected.expect("the server takes its administrator");
        tokio::spawn(connection);
        client
    }

    fn command(&self, program: &str) -> Command {
        self.command_at(&self.binaries.join(program))
    }

    fn command_at(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        // The working directory may be one that the owner can't enter; and whatever the environment says of
        // connections, it isn't meant for this server.
        command.current_dir("/").env("LC_ALL", "C");
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(name);
            }
        }
        if let Some((uid, gid)) = self.owner {
            command.uid(uid).gid(gid);
        }
        command
    }

    fn give(&self, path: &Path) -> io::Result<()> {
        match self.owner {
            Some((uid, gid)) => chown(path, Some(uid), Some(gid)),
            None => Ok(()),
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.end("remove");
        // Where it had been stopped, or never started.
        let _gone = fs::remove_dir_all(&self.directory);
    }
}

/// Makes a directory that is this test's alone. Whoever makes it removes it.
pub(crate) fn scratch(name: &str) -> PathBuf {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    // Short: the path of a socket has 107 bytes at most.
    let path = std::env::temp_dir().join(format!("aiodal-{name}-{}-{number}", std::process::id()));
    fs::create_dir(&path).expect("a directory for the test");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("it is ours");
    path
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("it is bound").port()
}

/// PostgreSQL refuses to run as root, so root becomes `postgres`, or else `nobody`.
fn owner() -> Option<(u32, u32)> {
    let id = |arguments: &[&str]| {
        let output = Command::new("id").args(arguments).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        text.trim().parse::<u32>().ok()
    };
    if id(&["-u"]) != Some(0) {
        return None;
    }
    let found = ["postgres", "nobody"]
        .iter()
        .find_map(|user| Some((id(&["-u", user])?, id(&["-g", user])?)));
    Some(found.expect("root can become somebody else"))
}

/// On the PATH, else the highest version of those that Debian has installed.
fn binaries() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).collect::<Vec<_>>();
    let mut usual: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let version = path.file_name()?.to_str()?.parse().ok()?;
            Some((version, path.join("bin")))
        })
        .collect();
    usual.sort();
    let usual = usual.into_iter().rev().map(|(_, path)| path);
    on_path
        .into_iter()
        .chain(usual)
        .find(|path| path.join("initdb").is_file() && path.join("postgres").is_file())
}
