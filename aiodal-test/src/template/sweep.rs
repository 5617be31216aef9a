//! Dropping what nobody will come back for.

use std::time::Duration;

use super::admin::Admin;
use super::chain::Chain;
use super::clones::{FoundClone, State};
use super::databases::Found;
use super::names::{self, LAYER, READY};
use super::recipe::Recipe;

/// For how long a living process may be without a connection to its session database, on a busy machine.
const BETWEEN_CONNECTIONS: Duration = Duration::from_millis(500);

impl Admin {
    /// Drops what nobody will come back for: our project's databases of another content, and on a given server session
    /// databases that killed processes left behind, whoever's. What has a session is left alone.
    ///
    /// A failure to drop is no reason not to test; the next session tries again.
    pub(crate) async fn sweep(&self, recipe: &Recipe, chain: &Chain) {
        let mut strangers = Vec::new();
        let used = self.sweep_clones(recipe, chain).await;
        for found in self.databases().await.unwrap_or_default() {
            let spared = names::clone_number(&found.name).is_some() || used.contains(&found.name);
            if spared || found.sessions > 0 || is_wanted(&found, recipe, chain) {
                continue;
            }
            if recipe.names.is_of_project(&found.name) {
                let _later = self.drop_database(&found).await;
            } else if names::is_session(&found.name) {
                strangers.push(found);
            }
        }
        // What is on our own server goes with it, and soon.
        if recipe.on_given_server && !strangers.is_empty() {
            self.sweep_abandoned(&strangers).await;
        }
    }

    /// Drops the clones that nobody owns, and of those that somebody could come back for our project's of templates that are gone.
    ///
    /// Returns the templates of clones that somebody owns.
    async fn sweep_clones(&self, recipe: &Recipe, chain: &Chain) -> Vec<String> {
        let mut used = Vec::new();
        let templates: Vec<_> = self.databases().await.unwrap_or_default();
        for clone in self.clones().await.unwrap_or_default() {
            let Some((template, _)) = names::clone_number(&clone.name) else {
                continue;
            };
            let has_template = || {
                // Of a session without anything to prepare there is none.
                template == recipe.names.template()
                    || templates
                        .iter()
                        .any(|found| found.name == template && is_wanted(found, recipe, chain))
            };
            match clone.state {
                State::Owned => used.push(template.to_owned()),
                State::Abandoned => self.drop_unowned(&clone).await,
                State::Spare | State::Kept(_)
                    if !clone.is_used
                        && recipe.names.is_of_project(&clone.name)
                        && !has_template() =>
                {
                    self.drop_unowned(&clone).await;
                }
                State::Spare | State::Kept(_) => {}
            }
        }
        used
    }

    /// Drops the clones of a template that nobody owns and nobody wants to look at.
    pub(crate) async fn drop_spares(&self, template: &str) {
        for clone in self.clones().await.unwrap_or_default() {
            if clone.is_of(template) && matches!(clone.state, State::Spare | State::Abandoned) {
                self.drop_unowned(&clone).await;
            }
        }
    }

    /// Drops a clone unless somebody owns it by now. A failure leaves it to the next.
    async fn drop_unowned(&self, clone: &FoundClone) {
        if let Ok(true) = self.own(clone.number).await {
            let _later = self.drop_clone(&clone.name).await;
            let _lost = self.disown(clone.number).await;
        }
    }

    /// Drops those session databases which really nobody uses. A living process may be without a connection for a moment:
    /// its only one was closed, and the next is not open yet.
    async fn sweep_abandoned(&self, strangers: &[Found]) {
        tokio::time::sleep(BETWEEN_CONNECTIONS).await;
        for found in self.databases().await.unwrap_or_default() {
            let unused = strangers.iter().any(|before| {
                before.name == found.name && before.counted == found.counted && found.sessions == 0
            });
            if unused {
                let _later = self.drop_database(&found).await;
            }
        }
    }
}

/// Says whether a database of our project is of this content, or may be of another set of layers on it: one process
/// does not know what the tests of the others ask for.
fn is_wanted(found: &Found, recipe: &Recipe, chain: &Chain) -> bool {
    let name = &found.name;
    let ready = found.values(READY);
    let of_chain = chain.all_names().any(|names| {
        *name == names.template() || names.generation(name).is_some() && ready.is_some()
    });
    let of_other_layers = || {
        let values = ready.or_else(|| found.values(LAYER));
        values.is_some_and(|values| {
            recipe.names.is_of_project(name)
                && values.may_be_wanted(chain.base().content(), chain.layers())
        })
    };
    of_chain || of_other_layers() || recipe.has_failed_in_this_run(found)
}
