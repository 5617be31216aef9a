//! How a layer is laid on a template.

use std::sync::Arc;

use aiodal_core::{DatabaseUrl, Lane, LaneOptions, Transaction};

use super::admin::Admin;
use super::build::{analyze, commit, finish, leave_cache, make_room};
use super::chain::Chain;
use super::databases::Found;
use super::names::{LAYER, Names};
use super::recipe::Recipe;
use super::values::Values;
use crate::backend;
use crate::fixture::{Layer, SessionContext};
use crate::session::Session;
use crate::set_up::SetUpError;

/// What has been laid so far: the template to clone, and what its layers have left behind.
pub(super) struct Top {
    pub(super) source: String,
    pub(super) values: Values,
}

impl Top {
    /// Looks for the topmost layer of a chain that is finished; says how many there are with it.
    pub(super) fn finished(chain: &Chain, found: &[Found]) -> (usize, Option<Top>) {
        let links = chain.links();
        for height in (1..=links.len()).rev() {
            let source = links[height - 1].1.template();
            let values = found
                .iter()
                .find(|found| found.name == source && found.is_template)
                .and_then(|found| found.values(LAYER));
            let below = links[..height].iter().map(|(layer, _)| layer);
            if let Some(values) = values.filter(|values| values.fit(below)) {
                return (height, Some(Top { source, values }));
            }
        }
        (0, None)
    }

    /// Lays another layer on top.
    ///
    /// # Errors
    ///
    /// The fixture failed, now or in another process of this run; what the server refused.
    pub(super) async fn lay(
        self,
        layer: &Layer,
        names: &Names,
        admin: &Admin,
        recipe: &Recipe,
        existing: Option<Found>,
        session: &'static Session,
    ) -> Result<Top, SetUpError> {
        make_room(admin, recipe, existing).await?;
        let Top { source, mut values } = self;
        let name = names.template();
        admin.create_database(&name, &source).await?;
        let url = admin.url.with_database(&name);
        let built = match build(&url, layer, &values, session).await {
            Ok(json) => leave_cache(&url).await.map(|()| json),
            Err(error) => Err(error),
        };
        let json = finish(admin, recipe, &name, built).await?;
        values.push(layer, &json);
        admin.mark(&name, &values.written_below(LAYER)).await?;
        admin.mark_template(&name).await?;
        Ok(Top {
            source: name,
            values,
        })
    }
}

/// Runs the fixture in a transaction that is committed, through a connection of its own, closed on return.
async fn build(
    url: &DatabaseUrl,
    layer: &Layer,
    values: &Values,
    session: &'static Session,
) -> Result<String, SetUpError> {
    let mut backend = backend::connect(url)
        .await
        .map_err(|error| SetUpError::connect(url, error.as_ref()))?;
    let _running = backend
        .start()
        .map_err(|error| SetUpError::connect(url, &error))?;
    let client = &backend.client;
    let options = LaneOptions {
        statements: Some(backend.statements.clone()),
        watch: Some(backend.watch.clone()),
        cancel: Some(backend.cancel_token()),
        observer: None,
        exclusive: true,
    };
    let lane = Lane::open(client.clone(), "begin", &layer.source.to_string(), options);
    let context = SessionContext::new(
        Some(session),
        Arc::new(values.clone()),
        session.config.timeout,
    );
    let failed = |detail: String| SetUpError::new(format!("{} failed", layer.source), detail);
    let json = (layer.build)(context, Transaction::on_loan(&lane)).await?;
    // Now and not in every test: what can't be read would be built again by each.
    (layer.check)(&json).map_err(|problem| {
        failed(format!(
            "its value is kept as JSON, and this one can't be read back: {problem}\n{json}\n\
             mend `Serialize` and `Deserialize` of the type, so that one reads what the other writes"
        ))
    })?;
    commit(client, &lane)
        .await
        .map_err(|cause| failed(format!("what it wrote could not be committed\n{cause}")))?;
    analyze(client, url).await?;
    Ok(json)
}
