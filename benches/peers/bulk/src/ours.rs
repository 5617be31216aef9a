//! aiodal.

use aiodal::DataAccessLayer;
use aiodal::bulk::{Csv, Export, Header, JsonLines, Load, Merge, Stage};

use crate::{Job, Result};

/// Who reads the CSV.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parser {
    Ours,
    Servers,
}

pub(crate) async fn run(job: &Job, parser: Parser, connections: usize) -> Result<()> {
    let dal = DataAccessLayer::connect(&job.url).await?;
    let csv = Csv::new().header(Header::None);
    let load = match job.what.as_str() {
        "csv" => Load::new(&*job.file, csv).into_table(&*job.table),
        "json" => Load::new(&*job.file, JsonLines::into_column("record")).into_table(&*job.table),
        "etl" => Load::new(&*job.file, csv)
            .into_table(&*job.table)
            .stage(Stage::temp())
            .merge(Merge::insert()),
        "upsert" => Load::new(&*job.file, csv)
            .into_table(&*job.table)
            .merge(Merge::upsert()),
        "changed" => Load::new(&*job.file, csv)
            .into_table(&*job.table)
            .merge(Merge::upsert().if_changed()),
        "export" => {
            let mut tx = dal.transaction().await?;
            let export = Export::table(&*job.table).format(csv);
            export.to_path(&job.file).run(&mut tx).await?;
            tx.commit().await?;
            return Ok(());
        }
        other => return Err(format!("there is no job `{other}`").into()),
    };
    let load = if parser == Parser::Servers {
        load.server_parser()
    } else {
        load
    };
    if connections > 1 {
        load.run_parallel(&dal, connections).await?;
    } else {
        let mut tx = dal.transaction().await?;
        load.run(&mut tx).await?;
        tx.commit().await?;
    }
    Ok(())
}
