//! Records that a reader refuses.

use bytes::Bytes;

use super::pack::Pack;
use super::parse::Emit;
use crate::SqlState;
use crate::bulk::bad_row::BadRow;
use crate::bulk::batch::{Place, Refused};
use crate::error::{Error, Result};

/// Why a record is refused.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) reason: String,
    /// The code that the server has for it.
    pub(super) code: SqlState,
    pub(super) column: Option<String>,
    pub(super) value: Option<Vec<u8>>,
}

impl Fault {
    pub(super) fn new(code: SqlState, reason: impl Into<String>) -> Fault {
        Fault {
            reason: reason.into(),
            code,
            column: None,
            value: None,
        }
    }

    pub(super) fn row(self, source: &str, place: Place) -> BadRow {
        let mut row = BadRow::new(source, self.reason);
        row.record = Some(place.record + 1);
        row.line = (place.line > 0).then_some(place.line);
        row.offset = Some(place.offset);
        row.code = Some(self.code);
        row.column = self.column;
        match self.value {
            Some(value) => row.with_value(&value),
            None => row,
        }
    }

    /// Puts the record aside if that is wanted; otherwise it is an error, behind all that precedes it.
    pub(super) fn tell(
        self,
        source: &str,
        place: Place,
        raw: &[u8],
        pack: &mut Pack,
        emit: Emit<'_>,
    ) -> Result<()> {
        let row = self.row(source, place);
        if pack.keeps() {
            let raw = Bytes::copy_from_slice(raw);
            pack.refuse(Refused { row, raw }, place);
            return Ok(());
        }
        pack.flush(emit)?;
        Err(Error::row(row, None))
    }
}
