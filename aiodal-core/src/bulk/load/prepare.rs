//! What has to be known and made before the first row is copied.

use std::sync::Arc;

use futures_util::future::try_join;
use tokio::sync::Mutex;

use super::copy::CopySql;
use super::input::{Feed, Input};
use super::job::Job;
use super::mapping::{Known, Names};
use super::opened::{Opened, Reading};
use super::target::Target;
use super::trail::Counting;
use super::{BATCH, TableName, operation};
use crate::bulk::read::Limits;
use crate::bulk::stage::{Stage, Staged};
use crate::error::{Error, Result};
use crate::ident::quote_ident;
use crate::schema::Table;
use crate::transaction::Transaction;

/// What was asked for.
#[derive(Debug)]
pub(super) struct Asked<'l> {
    pub(super) table: Option<&'l TableName>,
    pub(super) stage: Option<&'l Stage>,
    pub(super) names: &'l Names,
    pub(super) max_record: usize,
    pub(super) server_parser: bool,
    /// Whether bad rows are to be rejected.
    pub(super) sift: bool,
    /// Whether there is more than one connection, and so more than one COPY in any case.
    pub(super) parallel: bool,
}

/// A load that is ready to copy.
pub(super) struct Ready<'a> {
    pub(super) job: Job,
    pub(super) target: Target,
    pub(super) table: Option<Arc<Table>>,
    pub(super) staged: Option<Staged>,
    pub(super) feed: Mutex<Feed<'a>>,
    /// The size of the source, if that is known.
    pub(super) total: Option<u64>,
}

/// Opens the input, and makes the stage.
pub(super) async fn prepare<'a>(
    tx: &mut Transaction,
    input: Input<'a>,
    asked: &Asked<'_>,
) -> Result<Ready<'a>> {
    let limits = Limits {
        batch: BATCH,
        record: asked.max_record,
    };
    let (input, table) = try_join(Opened::open(input, limits), async {
        Ok(match asked.table {
            Some(name) => Some(tx.table(name.as_ref()).await?),
            None => None,
        })
    })
    .await?;
    let named = table.as_ref().map(|table| table.name.to_string());
    let operation = operation(input.name(), named);
    let known = known(table.as_deref(), asked.stage, &operation)?;
    let mapping = input.map(asked.names, &known)?;
    let staged = match asked.stage {
        Some(stage) => Some(stage.create(tx, table.as_deref(), &mapping.columns).await?),
        None => None,
    };
    let into = match (&staged, &table) {
        (Some(staged), _) => staged.sql_name.clone(),
        (None, Some(table)) => sql_name(table)?,
        (None, None) => unreachable!("otherwise no columns are known"),
    };
    let target = Target::describe(tx, &into, &mapping.columns).await?;
    let job = Job {
        source: input.name().to_owned(),
        operation,
        relation: target.relation.clone(),
        sql: CopySql::new(&into, &mapping.columns, input.format())?,
        columns: mapping.columns.clone(),
        counting: Counting::of(input.format()),
    };
    let reading = Reading {
        target: &target,
        ignore_unknown: asked.names.leaves_out_unknown(),
        ours: !asked.server_parser && (asked.parallel || asked.sift || !target.one_copy),
        keep: asked.sift,
    };
    let total = input.total();
    Ok(Ready {
        feed: Mutex::new(input.start(mapping, &reading)?),
        job,
        target,
        table,
        staged,
        total,
    })
}

/// Returns the columns that there are to load into.
fn known(table: Option<&Table>, stage: Option<&Stage>, operation: &str) -> Result<Known> {
    let declared = stage.and_then(Stage::declared);
    match (declared, table, stage) {
        (Some(declared), _, _) => Ok(Known::of_names(declared, operation)),
        (None, Some(table), _) => Ok(Known::of_table(table, operation)),
        (None, None, Some(_)) => Err(Error::refused(
            operation,
            "the stage is to be like the table, and there is none; say which with `into_table`, or declare the \
             stage's columns"
                .to_owned(),
        )),
        (None, None, None) => Err(Error::refused(
            operation,
            "there is no table to load into; say which with `into_table`, or `stage` it".to_owned(),
        )),
    }
}

fn sql_name(table: &Table) -> Result<String> {
    let (schema, name) = (&table.name.schema, &table.name.name);
    Ok(format!("{}.{}", quote_ident(schema)?, quote_ident(name)?))
}
