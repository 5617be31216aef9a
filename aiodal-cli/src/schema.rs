//! `aiodal schema`.

use std::sync::Arc;

use aiodal_core::{DataAccessLayer, PoolOptions, Reflect, Schema};

use crate::args::{self, Place};
use crate::database;
use crate::failure::Failure;
use crate::output;
use crate::project::Project;

pub(crate) async fn run(place: &Place, options: &args::Schema) -> Result<(), Failure> {
    let project = Project::find(place)?;
    let site = project.site()?;
    let chosen = database::choose(&project, &site, options.database.as_deref()).await?;
    if let Some(why) = chosen.instead {
        return Err(Failure::new("found no schema to print", why)
            .or("or name any database of the server with -d"));
    }
    let mut reflect = Reflect::new();
    if !options.schemas.is_empty() {
        reflect = reflect.schemas(&options.schemas);
    }
    let pool = PoolOptions::new()
        .max_size(1)
        .application_name("aiodal-cli");
    let dal = DataAccessLayer::builder()
        .pool(pool)
        .reflect(reflect)
        .open(&chosen.url)
        .await?;
    let schema: Arc<Schema> = dal.schema().await?;
    if options.json {
        output::json(&*schema)
    } else if options.mermaid {
        output::text(&schema.mermaid())
    } else if options.dot {
        output::text(&schema.dot())
    } else {
        output::text(&*schema)
    }
}
