//! The databases of ours on a server, as the command sees them.

use aiodal_core::DatabaseUrl;

use crate::set_up::SetUpError;
use crate::template::{Admin, FoundClone, READY, State, Values, clone_number};

/// A connection to a server, for its databases.
pub struct Databases(Admin);

/// A database of ours, of whichever project.
#[derive(Clone, Debug)]
pub struct Database {
    /// `aiodal_<project>_<content>`, and for one that tests run in a suffix.
    pub name: String,
    /// Whether it is a finished template.
    pub is_template: bool,
    /// Whether tests may run in it.
    pub is_ready: bool,
    /// What is written on it, in a line.
    pub mark: Option<String>,
    /// How many are connected to it.
    pub sessions: i64,
    /// Whether somebody would miss it: it is connected to, it is a living process's, or it is the template of such a one.
    pub is_used: bool,
}

impl Databases {
    /// Connects to the database of `url`, the way tests do.
    ///
    /// # Errors
    ///
    /// The server can't be reached or refuses.
    pub async fn connect(url: &DatabaseUrl) -> Result<Databases, SetUpError> {
        Admin::connect(&url.with_application_name("aiodal-cli"))
            .await
            .map(Databases)
    }

    /// Lists the databases of ours.
    ///
    /// # Errors
    ///
    /// The connection is lost.
    pub async fn list(&self) -> Result<Vec<Database>, SetUpError> {
        let owned = self.owned().await?;
        let mut found: Vec<_> = self
            .0
            .databases()
            .await?
            .into_iter()
            .map(|found| Database {
                is_ready: found.values(READY).is_some(),
                is_template: found.is_template,
                mark: found.mark.as_deref().map(mark_of),
                sessions: found.sessions,
                is_used: found.sessions > 0 || owned.contains(&found.name),
                name: found.name,
            })
            .collect();
        let used: Vec<String> = found
            .iter()
            .filter(|database| database.is_used)
            .map(|database| format!("{}_", database.name))
            .collect();
        for database in &mut found {
            let below = format!("{}_", database.name);
            database.is_used |= used.iter().any(|used| used.starts_with(&below));
        }
        found.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(found)
    }

    /// Drops those databases of ours that nobody would miss, and returns what became of each of them. Until this value
    /// is dropped, nobody else makes or drops one.
    ///
    /// # Errors
    ///
    /// The lock can't be had, or the connection is lost.
    pub async fn drop_unused(
        &self,
        names: &[String],
    ) -> Result<Vec<(String, Result<(), SetUpError>)>, SetUpError> {
        self.0.lock().await?;
        let unused = self
            .list()
            .await?
            .into_iter()
            .filter(|found| !found.is_used);
        let unused: Vec<String> = unused.map(|found| found.name).collect();
        let mut dropped = Vec::new();
        for found in self.0.databases().await? {
            if !names.contains(&found.name) || !unused.contains(&found.name) {
                continue;
            }
            // A clone is its owner's, whoever asks.
            let number = clone_number(&found.name).map(|(_, number)| number);
            if let Some(number) = number
                && !self.0.own(number).await?
            {
                continue;
            }
            let result = self.0.drop_database(&found).await;
            if let Some(number) = number {
                self.0.disown(number).await?;
            }
            dropped.push((found.name, result));
        }
        Ok(dropped)
    }

    /// The names of the clones that belong to living processes.
    async fn owned(&self) -> Result<Vec<String>, SetUpError> {
        let clones = self.0.clones().await?.into_iter();
        let owned = clones.filter(|clone| clone.state == State::Owned);
        Ok(owned.map(|FoundClone { name, .. }| name).collect())
    }
}

/// What a comment says first; what layers have left behind follows.
fn mark_of(comment: &str) -> String {
    let mark = Values::read(comment).map_or(comment, |(mark, _)| mark);
    mark.lines().next().unwrap_or_default().to_owned()
}

impl std::fmt::Debug for Databases {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Databases").field(&self.0.url).finish()
    }
}
