//! TLS as libpq's `sslmode` has it, on a server with a certificate made for the occasion.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use aiodal::{Error, Pool, PoolOptions, SqlState, Transaction};

use super::{PASSWORD, cancels, refusal, told};
use crate::authority::Authority;
use crate::postgres::Postgres;

const HBA: &str = "hostssl all certified all cert\n\
                   hostssl all secret all scram-sha-256\n\
                   hostnossl all open all scram-sha-256\n\
                   host all me all scram-sha-256";

const CONF: &str =
    "ssl = on\nssl_cert_file = 'server.crt'\nssl_key_file = 'server.key'\nssl_ca_file = 'ca.crt'";

const PID: &str = "select pg_backend_pid()";

#[tokio::test]
async fn modes_certificates_and_channel_binding() {
    let Some(authority) = Authority::new() else {
        return;
    };
    let files = ["server.crt", "server.key", "ca.crt", "own.crt", "own.key"]
        .map(|name| PathBuf::from(authority.path(name)));
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let Some(server) = Postgres::start(CONF, HBA, &files) else {
        return;
    };
    let admin = server.admin().await;
    for role in ["me", "secret", "open", "certified"] {
        let sql = format!("create role {role} login password '{PASSWORD}'");
        admin
            .batch_execute(&sql)
            .await
            .expect("the administrator may");
    }
    drop(admin);
    let place = Place {
        server: &server,
        authority: &authority,
    };
    place.modes().await;
    place.verification().await;
    place.falling_back().await;
    place.client_certificates().await;
    place.binding_and_cancelling().await;
    place
        .copying()
        .await
        .expect("COPY is well-behaved in a session too");
    place.self_signed().await;
}

struct Place<'a> {
    server: &'a Postgres,
    authority: &'a Authority,
}

impl Place<'_> {
    /// The name is in the certificate; the address makes looking it up unnecessary.
    fn url(&self, user: &str, more: &str) -> String {
        let port = self.server.port();
        let host = if more.contains("host=") {
            ""
        } else {
            "host=db.example"
        };
        let more = more
            .replace("CA", &self.authority.path("ca.crt"))
            .replace("OTHER", &self.authority.path("other.crt"));
        format!(
            "{host} hostaddr=127.0.0.1 port={port} user={user} password={PASSWORD} dbname=postgres {more}"
        )
    }

    async fn open(&self, user: &str, more: &str) -> Pool {
        let url = self.url(user, more);
        let opened = PoolOptions::new()
            .max_size(1)
            .open(&url.parse().expect("it can be read"))
            .await;
        opened.unwrap_or_else(|error| panic!("{user} {more}: {error:#}"))
    }

    async fn refusal(&self, user: &str, more: &str) -> Error {
        refusal(&self.url(user, more)).await
    }

    async fn speaks_tls(&self, user: &str, more: &str) -> bool {
        let pool = self.open(user, more).await;
        let connection = pool.get().await.expect("it is open");
        let sql = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
        let row = connection.client().query_one(sql, &[]).await;
        row.expect("it knows").get(0)
    }

    async fn modes(&self) {
        assert!(!self.speaks_tls("me", "sslmode=disable").await);
        assert!(!self.speaks_tls("me", "sslmode=allow").await);
        assert!(self.speaks_tls("me", "sslmode=prefer").await);
        assert!(self.speaks_tls("me", "").await, "`prefer` is the default");
        assert!(self.speaks_tls("me", "sslmode=require").await);
        assert!(
            self.speaks_tls("me", "sslmode=require host=").await,
            "by address alone"
        );
    }

    async fn verification(&self) {
        assert!(
            self.speaks_tls("me", "sslmode=verify-ca sslrootcert=CA")
                .await
        );
        assert!(
            self.speaks_tls("me", "sslmode=verify-full sslrootcert=CA")
                .await
        );
        let stranger = "host=stranger.example sslrootcert=CA";
        assert!(
            self.speaks_tls("me", &format!("{stranger} sslmode=verify-ca"))
                .await
        );
        let error = self
            .refusal("me", &format!("{stranger} sslmode=verify-full"))
            .await;
        assert!(
            told(&error).contains("is for another host")
                && told(&error).contains("stranger.example"),
            "{error}"
        );

        for mode in ["require", "verify-ca", "verify-full"] {
            let error = self
                .refusal("me", &format!("sslmode={mode} sslrootcert=OTHER"))
                .await;
            assert!(
                told(&error).contains("is not signed by anybody in `sslrootcert`"),
                "{error}"
            );
            assert!(error.is_connection_error());
        }
        let error = self
            .refusal("me", "sslmode=verify-full sslrootcert=system")
            .await;
        let line = told(&error);
        assert!(
            line.contains("not signed by anybody") || line.contains("the system trusts nobody"),
            "{line}"
        );
        let error = self.refusal("me", "sslmode=verify-ca").await;
        assert!(
            told(&error).contains("nothing says by what: give `sslrootcert`"),
            "{error}"
        );
        let error = self
            .refusal("me", "sslmode=verify-ca sslrootcert=/nonexistent.crt")
            .await;
        assert!(
            told(&error).contains("/nonexistent.crt can't be used"),
            "{error}"
        );
    }

    async fn falling_back(&self) {
        // The server has TLS, and lets nobody of that name in with it; or without it.
        assert!(!self.speaks_tls("open", "sslmode=prefer").await);
        assert!(self.speaks_tls("secret", "sslmode=allow").await);
        // A root certificate counts in `prefer` too; then there is still the way without.
        assert!(
            !self
                .speaks_tls("me", "sslmode=prefer sslrootcert=OTHER")
                .await
        );
        let error = self.refusal("secret", "sslmode=disable").await;
        assert_eq!(
            error.code(),
            Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
        );
        assert!(told(&error).contains("pg_hba.conf"), "{error}");
        let error = self.refusal("open", "sslmode=require").await;
        assert!(told(&error).contains("pg_hba.conf"), "{error}");
    }

    async fn client_certificates(&self) {
        let (cert, key) = (
            self.authority.path("certified.crt"),
            self.authority.path("certified.key"),
        );
        let with = format!("sslmode=verify-full sslrootcert=CA sslcert={cert} sslkey={key}");
        assert!(self.speaks_tls("certified", &with).await);
        let error = self.refusal("certified", "sslmode=require").await;
        assert!(told(&error).contains("certificate"), "{error}");

        let error = self
            .refusal("certified", &format!("sslmode=require sslcert={cert}"))
            .await;
        assert!(
            told(&error).contains("has no key; give `sslkey`"),
            "{error}"
        );
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("it is ours");
        let error = self.refusal("certified", &with).await;
        assert!(told(&error).contains("can be read by others"), "{error}");
    }

    async fn binding_and_cancelling(&self) {
        let bound = "sslmode=verify-full sslrootcert=CA channel_binding=require";
        let pool = self.open("secret", bound).await;
        let connection = pool.get().await.expect("it is open");
        cancels(&connection)
            .await
            .expect("the request is made with TLS too");
    }
}

impl Place<'_> {
    /// The tap is inside the session, or outside, where the server would have none.
    async fn copying(&self) -> aiodal::Result<()> {
        for (user, more) in [
            ("me", "sslmode=verify-full sslrootcert=CA"),
            ("open", "sslmode=prefer"),
            ("open", "sslmode=disable"),
        ] {
            let pool = self.open(user, more).await;
            let mut tx = Transaction::begin(&pool).await?;
            let pid: i32 = tx.query_scalar(PID, &[]).await?;
            let mut savepoint = tx.savepoint().await?;
            let refused = savepoint.copy_in("copy no_such_table from stdin").await;
            assert!(refused.expect_err(more).is_undefined_table());
            savepoint.rollback().await?;
            tx.batch_execute("create temp table t (n int)").await?;
            let mut copy = tx.copy_in("copy t from stdin").await?;
            let error = loop {
                if let Err(error) = copy.send("not_int\n").await {
                    break error;
                }
            };
            assert!(error.to_string().contains("copy t"), "{error:#}");
            drop(copy);
            tx.rollback().await?;
            let tx = Transaction::begin(&pool).await?;
            assert_eq!(tx.query_scalar::<i32>(PID, &[]).await?, pid, "{more}");
        }
        Ok(())
    }

    /// A certificate that is its own root, of another algorithm with another hash: as the manual makes one for a trial.
    async fn self_signed(&self) {
        let admin = self.server.admin().await;
        for (setting, file) in [("ssl_cert_file", "own.crt"), ("ssl_key_file", "own.key")] {
            let sql = format!("alter system set {setting} = '{file}'");
            admin
                .batch_execute(&sql)
                .await
                .expect("the administrator may");
        }
        let reload = "select pg_reload_conf()";
        admin
            .batch_execute(reload)
            .await
            .expect("the administrator may");
        let started = Instant::now();
        let own = format!(
            "host=own.example sslmode=verify-full sslrootcert={}",
            self.authority.path("own.crt")
        );
        let bound = format!("{own} channel_binding=require");
        let url = self.url("secret", &bound).parse().expect("it can be read");
        // The server reads its files anew in its own time.
        while let Err(error) = PoolOptions::new().open(&url).await {
            assert!(started.elapsed() < Duration::from_secs(30), "{error:#}");
        }
        let error = self
            .refusal("secret", &own.replace("own.example", "db.example"))
            .await;
        assert!(told(&error).contains("is for another host"), "{error}");
        let error = self
            .refusal("secret", "sslmode=verify-ca sslrootcert=CA")
            .await;
        assert!(
            error.is_connection_error() && told(&error).contains("no TLS with"),
            "{error}"
        );
    }
}
