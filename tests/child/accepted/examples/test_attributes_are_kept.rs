#![deny(warnings)]

use aiodal::Transaction;

/// Documented.
#[aiodal::test]
#[ignore = "it takes an hour"]
pub async fn ignored(_tx: &mut Transaction) {}

#[should_panic(expected = "boom")]
#[aiodal::test]
async fn panics(_tx: &mut Transaction) {
    panic!("boom");
}

#[cfg_attr(unix, should_panic)]
#[aiodal::test]
#[cfg_attr(unix, ignore)]
async fn panics_on_unix(_tx: &mut Transaction) {
    panic!("boom");
}

#[cfg(any())]
#[aiodal::test]
async fn cut_above(_: Missing) {}

#[aiodal::test]
#[cfg(any())]
async fn cut_below(_: Missing) {}

#[aiodal::test]
#[expect(unused_variables)]
async fn expects_a_warning(tx: &mut Transaction) {}

fn main() {}
