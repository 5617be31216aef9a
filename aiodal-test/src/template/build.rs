//! How a template and a session database are made.

use std::sync::Arc;

use aiodal_core::{DatabaseUrl, Lane, LaneOptions, Transaction};
use tokio_postgres::Client;

use super::admin::Admin;
use super::databases::Found;
use super::names::READY;
use super::recipe::Recipe;
use crate::backend;
use crate::session::Registration;
use crate::set_up::SetUpError;

/// The template that every server has, and that CREATE DATABASE clones by default.
const EMPTY: &str = "template1";

/// Returns the name of a session database that is ready, making it and its template if need be.
///
/// Safe to call from any number of processes at once. The caller holds the admin's lock, and keeps it until
/// it is connected to the database: until then nothing but the lock keeps others from sweeping it.
///
/// # Errors
///
/// A migration or seed that failed, a role that may not create databases.
pub(crate) async fn open_session_database(
    admin: &Admin,
    recipe: &Recipe,
) -> Result<String, SetUpError> {
    admin.sweep(recipe).await;
    let mut next = 0;
    let mut template = None;
    for found in admin.databases().await? {
        match recipe.names.generation(&found.name) {
            Some(_) if found.mark.as_deref() == Some(READY) => return Ok(found.name),
            Some(generation) => next = next.max(generation + 1),
            None if found.name == recipe.names.template() => template = Some(found),
            None => {}
        }
    }
    let source = ensure_template(admin, recipe, template).await?;
    let name = recipe.names.session(next);
    admin
        .create_database(&name, &source, recipe.copy_files)
        .await?;
    // The mark comes last: a database without it is one whose maker died.
    admin.mark(&name, READY).await?;
    Ok(name)
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
        Some(found) => {
            if let Some(told) = recipe.failure_told(&found) {
                return Err(told);
            }
            // A database without the mark is a build that died half-way.
            admin.drop_database(&found).await?;
        }
        None => {}
    }
    admin
        .create_database(&name, EMPTY, recipe.copy_files)
        .await?;
    let filled = fill(&admin.url.with_database(&name), recipe).await;
    admin.wait_until_unused(&name).await?;
    if let Err(error) = filled {
        match recipe.failure_mark(&error) {
            // The other processes of this run need neither fail in the same way again nor tell it again.
            Some(mark) => admin.mark(&name, &mark).await?,
            None => drop(admin.drop_unused(&name).await?),
        }
        return Err(error);
    }
    admin.mark_template(&name).await?;
    Ok(name)
}

/// Migrates and seeds the new template through a connection of its own, closed on return.
async fn fill(url: &DatabaseUrl, recipe: &Recipe) -> Result<(), SetUpError> {
    let mut backend = backend::connect(url)
        .await
        .map_err(|error| SetUpError::connect(url, error.as_ref()))?;
    let _running = backend
        .start()
        .map_err(|error| SetUpError::connect(url, &error))?;
    let client = &backend.client;
    for script in &recipe.scripts {
        script.run(client, &recipe.base).await?;
    }
    if let Some(session) = &recipe.seed {
        seed(client, session).await?;
    }
    // Clones inherit it; without autovacuum nobody else would gather statistics.
    client
        .batch_execute("vacuum analyze")
        .await
        .map_err(|error| SetUpError::statement("analyze the template", url, &error))
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
    let _over = lane.revoke();
    // COMMIT of a failed transaction looks like success; the SELECT before it doesn't.
    let committed = client.batch_execute("select; commit").await;
    committed.map_err(|error| {
        failed(format!(
            "it could not be committed\n{}",
            aiodal_core::chain(&error)
        ))
    })
}
