//! How a template and a session database are made.

use std::sync::Arc;

use aiodal_core::{DatabaseUrl, Lane, LaneOptions, Transaction};
use tokio_postgres::Client;

use super::admin::Admin;
use super::chain::Chain;
use super::databases::Found;
use super::layers::Top;
use super::names::READY;
use super::recipe::Recipe;
use super::values::Values;
use crate::backend;
use crate::session::{Registration, Session};
use crate::set_up::SetUpError;

/// The template that every server has, and that CREATE DATABASE clones by default.
pub(super) const EMPTY: &str = "template1";

/// A session database that is ready.
pub(crate) struct SessionDatabase {
    pub(crate) name: String,
    pub(crate) values: Values,
}

/// Returns a session database that is ready, making it, its template and its layers if need be.
///
/// Safe to call from any number of processes at once. The caller holds the admin's lock, and keeps it until
/// it is connected to the database: until then nothing but the lock keeps others from sweeping it.
///
/// # Errors
///
/// A migration, a seed or a layer that failed, a role that may not create databases.
pub(crate) async fn open_session_database(
    admin: &Admin,
    recipe: &Recipe,
    chain: &Chain,
    session: &'static Session,
) -> Result<SessionDatabase, SetUpError> {
    admin.sweep(recipe, chain).await;
    let (names, found) = (chain.names(), admin.databases().await?);
    let mut next = 0;
    for database in &found {
        let Some(generation) = names.generation(&database.name) else {
            continue;
        };
        next = next.max(generation + 1);
        match database.values(READY) {
            Some(values) if values.fit(chain.layers().iter()) => {
                let name = database.name.clone();
                return Ok(SessionDatabase { name, values });
            }
            // Swept when nobody is connected to it any more.
            Some(_) => {
                admin
                    .taint(&database.name, "values that its fixtures can't read")
                    .await?;
            }
            None => {}
        }
    }
    let Top { source, values } = ensure_chain(admin, recipe, chain, found, session).await?;
    let name = names.session(next);
    admin.create_database(&name, &source).await?;
    admin.teach_functions(&name).await?;
    // The mark comes last: a database without it is one whose maker died.
    admin.mark(&name, &values.written_below(READY)).await?;
    Ok(SessionDatabase { name, values })
}

/// Returns what to clone: the topmost layer, or the template without any.
async fn ensure_chain(
    admin: &Admin,
    recipe: &Recipe,
    chain: &Chain,
    mut found: Vec<Found>,
    session: &'static Session,
) -> Result<Top, SetUpError> {
    let (finished, top) = Top::finished(chain, &found);
    let mut top = match top {
        Some(top) => top,
        None => {
            let name = chain.base().template();
            let existing = take(&mut found, &name);
            Top {
                source: ensure_template(admin, recipe, existing).await?,
                values: Values::on(chain.base().content()),
            }
        }
    };
    for (layer, names) in &chain.links()[finished..] {
        let existing = take(&mut found, &names.template());
        top = top
            .lay(layer, names, admin, recipe, existing, session)
            .await?;
    }
    Ok(top)
}

fn take(found: &mut Vec<Found>, name: &str) -> Option<Found> {
    let at = found.iter().position(|found| found.name == name)?;
    Some(found.swap_remove(at))
}

/// Returns the name of what to clone: the template, built unless a finished one exists.
async fn ensure_template(
    admin: &Admin,
    recipe: &Recipe,
    existing: Option<Found>,
) -> Result<String, SetUpError> {
    if !recipe.is_needed() {
        return Ok(EMPTY.to_owned());
    }
    let name = recipe.names.template();
    match existing {
        Some(found) if found.is_template => return Ok(name),
        existing => make_room(admin, recipe, existing).await?,
    }
    admin.create_database(&name, EMPTY).await?;
    let url = admin.url.with_database(&name);
    let filled = match fill(&url, recipe).await {
        Ok(()) => leave_cache(&url).await,
        Err(error) => Err(error),
    };
    finish(admin, recipe, &name, filled).await?;
    admin.mark_template(&name).await?;
    Ok(name)
}

/// Drops what is in the place of a template that is to be built.
///
/// # Errors
///
/// It has failed in this run; or it can't be dropped.
pub(super) async fn make_room(
    admin: &Admin,
    recipe: &Recipe,
    existing: Option<Found>,
) -> Result<(), SetUpError> {
    let Some(found) = existing else {
        return Ok(());
    };
    if let Some(told) = recipe.failure_told(&found) {
        return Err(told);
    }
    // A database without the mark is a build that died half-way.
    admin.drop_database(&found).await
}

/// Waits for the end of the connection that has filled a template; one that could not be filled is dropped, or marked for
/// the other processes of this run.
///
/// # Errors
///
/// Why it could not be filled.
pub(super) async fn finish<T>(
    admin: &Admin,
    recipe: &Recipe,
    name: &str,
    filled: Result<T, SetUpError>,
) -> Result<T, SetUpError> {
    let unused = admin.wait_until_unused(name).await;
    if let Err(error) = &filled {
        match recipe.failure_mark(error) {
            // The other processes of this run need neither fail in the same way again nor tell it again.
            Some(mark) => admin.mark(name, &mark).await?,
            None => drop(admin.drop_unused(name).await?),
        }
        return filled;
    }
    unused?;
    filled
}

/// Migrates and seeds the new template; no connection to it is left on return.
async fn fill(url: &DatabaseUrl, recipe: &Recipe) -> Result<(), SetUpError> {
    for step in &recipe.steps {
        step.run(url, &recipe.base).await?;
    }
    let mut backend = backend::connect(url)
        .await
        .map_err(|error| SetUpError::connect(url, error.as_ref()))?;
    let _running = backend
        .start()
        .map_err(|error| SetUpError::connect(url, &error))?;
    let client = &backend.client;
    if let Some(session) = &recipe.seed {
        seed(client, session).await?;
    }
    analyze(client, url).await
}

/// Clones inherit the statistics; without autovacuum nobody else would gather them.
pub(super) async fn analyze(client: &Client, url: &DatabaseUrl) -> Result<(), SetUpError> {
    client
        .batch_execute("vacuum analyze")
        .await
        .map_err(|error| SetUpError::statement("analyze the template", url, &error))
}

/// Connects once more: a server's first session in a database leaves a file there which makes the next ones quicker, and
/// which clones inherit. VACUUM has removed it.
pub(super) async fn leave_cache(url: &DatabaseUrl) -> Result<(), SetUpError> {
    let connected = backend::connect(url).await;
    connected
        .map(drop)
        .map_err(|error| SetUpError::connect(url, error.as_ref()))
}

async fn seed(client: &Arc<Client>, session: &Registration) -> Result<(), SetUpError> {
    let failed = |detail: String| {
        SetUpError::new(
            format!("the seed of session {} failed", session.source),
            detail,
        )
    };
    let lane = Lane::open(
        client.clone(),
        "begin",
        "the session's seed",
        LaneOptions::default(),
    );
    (session.seed)(&mut Transaction::on_loan(&lane))
        .await
        .map_err(|error| failed(aiodal_core::chain(error.as_ref())))?;
    commit(client, &lane)
        .await
        .map_err(|cause| failed(format!("it could not be committed\n{cause}")))
}

/// Ends the loan, and commits.
///
/// # Errors
///
/// Why it could not be committed, with the whole chain of causes.
pub(super) async fn commit(client: &Client, lane: &Lane) -> Result<(), String> {
    let _over = lane.revoke();
    // COMMIT of a failed transaction looks like success; the SELECT before it doesn't.
    let committed = client.batch_execute("select; commit").await;
    committed.map_err(|error| aiodal_core::chain(&error))
}
