//! Whom the server runs as.
//!
//! PostgreSQL refuses to run as root, so root drops to another user for the server, and only for the server.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use nix::unistd::{Gid, Uid, User, getegid, geteuid};

use super::error::ProvisionError;

/// Tried in turn when root names no user: made for the purpose, then made for nothing.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// The user that owns the server's processes and files.
#[derive(Clone, Debug)]
pub(crate) struct Owner {
    pub(super) uid: Uid,
    pub(super) gid: Gid,
    pub(super) name: String,
    /// Whether this process is root and has to become that user.
    pub(super) dropped: bool,
}

impl Owner {
    /// Whom to run the server as; `user` is the setting.
    pub(super) fn choose(user: Option<&str>) -> Result<Owner, ProvisionError> {
        if geteuid().is_root() {
            Owner::below_root(user)
        } else {
            Owner::oneself(user)
        }
    }

    fn below_root(user: Option<&str>) -> Result<Owner, ProvisionError> {
        let found = match user {
            Some(name) => {
                let user = lookup(name).ok_or_else(|| wrong_user(name, "there is no such user"))?;
                if user.uid.is_root() {
                    return Err(wrong_user(name, "PostgreSQL refuses to run as root"));
                }
                user
            }
            None => UNPRIVILEGED
                .into_iter()
                .find_map(lookup)
                .ok_or_else(ProvisionError::no_user)?,
        };
        Ok(Owner {
            uid: found.uid,
            gid: found.gid,
            name: found.name,
            dropped: true,
        })
    }

    fn oneself(user: Option<&str>) -> Result<Owner, ProvisionError> {
        let uid = geteuid();
        if let Some(name) = user {
            let found = lookup(name).ok_or_else(|| wrong_user(name, "there is no such user"))?;
            if found.uid != uid {
                return Err(wrong_user(
                    name,
                    "only root can run the server as somebody else",
                ));
            }
        }
        // A container may run under a uid that the password file does not know.
        let name = match User::from_uid(uid) {
            Ok(Some(user)) => user.name,
            _ => uid.to_string(),
        };
        Ok(Owner {
            uid,
            gid: getegid(),
            name,
            dropped: false,
        })
    }

    /// Makes `command` run as the owner.
    pub(super) fn run(&self, command: &mut Command) {
        if self.dropped {
            // The standard library drops root's supplementary groups with it.
            command.uid(self.uid.as_raw()).gid(self.gid.as_raw());
        }
    }

    /// Gives `path`, which this process made, to the owner.
    pub(super) fn give(&self, path: &Path) -> Result<(), ProvisionError> {
        if !self.dropped {
            return Ok(());
        }
        chown(path, Some(self.uid.as_raw()), Some(self.gid.as_raw()))
            .map_err(ProvisionError::file("change the owner of", path))
    }
}

fn lookup(name: &str) -> Option<User> {
    User::from_name(name).ok().flatten()
}

fn wrong_user(name: &str, problem: &str) -> ProvisionError {
    ProvisionError::setting("AIODAL_PG_USER", name, problem)
}
