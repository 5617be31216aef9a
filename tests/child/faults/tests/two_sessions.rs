//! A binary with one session too many.

use aiodal::Transaction;

struct One;
struct Other;

#[aiodal::session]
impl aiodal::Session for One {}

#[aiodal::session]
impl aiodal::Session for Other {}

#[aiodal::test]
async fn never_begins(_tx: &Transaction) {}
