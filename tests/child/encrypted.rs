//! Tests on a server that is reached with TLS, and on one that asks for a password in one way or another.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::authority::Authority;
use crate::crates::{binary_with, faults};
use crate::postgres::Postgres;
use crate::run::{Report, run};
use crate::scope::Scope;

/// One role for each way to be let in.
const HBA: &str = "hostssl all secret all scram-sha-256\n\
                   hostssl all certified all cert\n\
                   hostnossl all open all scram-sha-256\n\
                   host all hashed all md5\n\
                   host all clear all password\n\
                   host all scrambled all scram-sha-256";

const CONF: &str =
    "ssl = on\nssl_cert_file = 'server.crt'\nssl_key_file = 'server.key'\nssl_ca_file = 'ca.crt'";

const ROLES: &str = "create role secret superuser login password 'hunter2'; \
                     create role certified superuser login; \
                     create role open superuser login password 'hunter2'; \
                     create role clear superuser login password 'hunter2'; \
                     create role scrambled superuser login password 'hunter2'; \
                     set password_encryption = 'md5'; \
                     create role hashed superuser login password 'hunter2'";

struct Site {
    server: Postgres,
    authority: Authority,
}

impl Site {
    /// `None`, with a word on standard error, where there is no PostgreSQL or no `openssl`.
    fn new() -> Option<Site> {
        let authority = Authority::new()?;
        let files = ["server.crt", "server.key", "ca.crt"];
        let files = files.map(|name| PathBuf::from(authority.path(name)));
        let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
        let server = Postgres::start(CONF, HBA, &files)?;
        let runtime = tokio::runtime::Runtime::new().expect("a runtime can be built");
        runtime.block_on(async {
            let admin = server.admin().await;
            let made = admin.batch_execute(ROLES).await;
            made.expect("the administrator may");
        });
        Some(Site { server, authority })
    }

    /// The name is in the certificate; the address makes looking it up unnecessary.
    fn url(&self, user: &str, more: &str) -> String {
        let (port, root) = (self.server.port(), self.authority.path("ca.crt"));
        let more = more.replace("CA", &root);
        let password = if user == "certified" {
            ""
        } else {
            "password=hunter2"
        };
        format!(
            "host=db.example hostaddr=127.0.0.1 port={port} user={user} {password} dbname=postgres {more}"
        )
    }

    /// Runs one test after another, on one connection as far as one will do.
    fn run(&self, user: &str, more: &str, tests: &[&str]) -> Report {
        static BUILT: OnceLock<PathBuf> = OnceLock::new();
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let binary = BUILT.get_or_init(|| binary_with("encrypted", "rustls"));
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let scope = Scope::new(&format!("encrypted-{number}"), "plain");
        scope.link(binary, "encrypted");
        let mut command = scope.command_of("encrypted");
        command
            .env("AIODAL_DATABASE_URL", self.url(user, more))
            .env("AIODAL_POOL_MAX_SIZE", "1")
            .arg("--test-threads=1");
        if !tests.is_empty() {
            command.arg("--exact").args(tests);
        }
        let report = run(&mut command);
        report.assert_keeps("hunter2");
        report
    }
}

const ALL: &[&str] = &[];

#[test]
fn tests_of_all_kinds_speak_tls() {
    let Some(site) = Site::new() else {
        return;
    };
    let full = "sslmode=verify-full sslrootcert=CA channel_binding=require";
    let report = site.run("secret", full, ALL);
    report.assert_failed(&[]);
    assert_eq!(report.outcomes.len(), 6, "{report:#?}");
    let report = site.run("secret", "sslmode=require", ALL);
    report.assert_failed(&[]);

    let one = &["a_transaction"];
    // It is offered, and taken.
    site.run("secret", "", one).assert_failed(&[]);
    // It is asked for when there is no other way.
    site.run("secret", "sslmode=allow", one).assert_failed(&[]);
    let (cert, key) = (
        site.authority.path("certified.crt"),
        site.authority.path("certified.key"),
    );
    let identity = format!("sslmode=verify-ca sslrootcert=CA sslcert={cert} sslkey={key}");
    site.run("certified", &identity, one).assert_failed(&[]);
    for user in ["hashed", "clear", "scrambled"] {
        site.run(user, "sslmode=require", one).assert_failed(&[]);
    }
}

#[test]
fn server_that_cannot_be_trusted_is_told_with_what_to_do() {
    let Some(site) = Site::new() else {
        return;
    };
    let one = &["a_transaction"];
    let refused = |more: &str, said: &[&str]| {
        let report = site.run("secret", more, one);
        report.assert_failed(one);
        report.assert_says("a_transaction", &[&["test set-up failed"], said].concat());
    };
    let other = site.authority.path("other.crt");
    refused(
        &format!("sslmode=verify-full sslrootcert={other}"),
        &["is not signed by anybody in `sslrootcert`"],
    );
    refused(
        "host=stranger.example sslmode=verify-full sslrootcert=CA",
        &["is for another host"],
    );
    refused(
        "sslmode=verify-full",
        &["nothing says by what: give `sslrootcert`"],
    );
    refused("sslmode=disable", &["no encryption"]);
    let report = site.run("open", "sslmode=require", one);
    report.assert_failed(one);
    report.assert_says("a_transaction", &["pg_hba.conf"]);
}

#[test]
fn without_the_feature_passwords_do_and_tls_is_told_with_the_feature() {
    let Some(site) = Site::new() else {
        return;
    };
    let plain = |user: &str, more: &str| {
        let url = site.url(user, more);
        run(faults("plain").env("AIODAL_DATABASE_URL", url))
    };
    for user in ["open", "hashed", "clear", "scrambled"] {
        let report = plain(user, "");
        report.assert_failed(&[]);
        report.assert_keeps("hunter2");
    }
    for mode in ["require", "verify-ca", "verify-full"] {
        let report = plain("secret", &format!("sslmode={mode}"));
        report.assert_says(
            "answers",
            &[
                "the database URL is not valid",
                "`sslmode` needs TLS, which is compiled in with the feature `rustls` of aiodal",
            ],
        );
        report.assert_keeps("hunter2");
    }
}
