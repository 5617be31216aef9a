//! Exports: what is written, where to, and what is left of one that fails.

mod directory;
mod files;
mod parameters;
mod queries;
mod round_trips;
mod streams;

use std::sync::{Arc, Mutex};

use aiodal::Transaction;
use aiodal::bulk::{Export, ExportReport};

/// Runs an export and returns what it exported.
async fn exported(
    export: Export<'_>,
    tx: &mut Transaction,
) -> aiodal::Result<(ExportReport, Vec<u8>)> {
    let data = Arc::new(Mutex::new(Vec::new()));
    let report = export
        .to_callback(|piece| {
            let mut data = data.lock().map_err(|error| error.to_string())?;
            data.extend_from_slice(&piece);
            Ok::<_, String>(())
        })
        .run(tx)
        .await?;
    let data = data.lock().expect("nobody has panicked").clone();
    assert_eq!(report.bytes, data.len() as u64);
    Ok((report, data))
}

async fn exported_text(export: Export<'_>, tx: &mut Transaction) -> aiodal::Result<String> {
    let (_, data) = exported(export, tx).await?;
    Ok(String::from_utf8(data).expect("it is UTF-8"))
}
