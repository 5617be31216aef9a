//! Certificates made for the occasion.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use crate::postgres::scratch;

const EC: &[&str] = &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
const RSA: &[&str] = &["-newkey", "rsa:2048", "-sha384"];

/// Certificates in a directory of their own: `ca` vouches for `server` and `certified`, `other` for nobody.
pub(crate) struct Authority(PathBuf);

impl Authority {
    /// `None`, with a word on standard error, where there is no `openssl` of version 3.
    pub(crate) fn new() -> Option<Authority> {
        let version = Command::new("openssl").arg("version").output();
        let version = version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        if !version.is_ok_and(|version| version.starts_with("OpenSSL 3")) {
            eprintln!("skipped: there is no `openssl` of version 3 here to make certificates with");
            return None;
        }
        let authority = Authority(scratch("tls"));
        authority.make(
            "ca",
            &[
                "-subj",
                "/CN=aiodal test",
                "-addext",
                "basicConstraints=critical,CA:TRUE",
            ],
        );
        authority.make(
            "other",
            &[
                "-subj",
                "/CN=aiodal other",
                "-addext",
                "basicConstraints=critical,CA:TRUE",
            ],
        );
        let names = "subjectAltName=DNS:own.example";
        authority.make("own", &["-subj", "/CN=own.example", "-addext", names]);
        for (name, common, names) in [
            ("server", "/CN=db.example", "subjectAltName=DNS:db.example"),
            ("certified", "/CN=certified", "subjectAltName=DNS:certified"),
        ] {
            let (ca, key) = (authority.path("ca.crt"), authority.path("ca.key"));
            let signed = [
                "-CA",
                &ca,
                "-CAkey",
                &key,
                "-subj",
                common,
                "-addext",
                names,
                "-addext",
                "basicConstraints=CA:FALSE",
            ];
            authority.make(name, &signed);
        }
        Some(authority)
    }

    fn make(&self, name: &str, more: &[&str]) {
        let key = self.path(&format!("{name}.key"));
        let made = Command::new("openssl")
            .args(["req", "-x509", "-nodes", "-days", "2", "-keyout", &key])
            .args(["-out", &self.path(&format!("{name}.crt"))])
            .args(if name == "own" { RSA } else { EC })
            .args(more)
            .output()
            .expect("openssl runs");
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("it is ours");
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}
