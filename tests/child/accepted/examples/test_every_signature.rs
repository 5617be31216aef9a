use std::process::ExitCode;

use aiodal::Transaction;

#[aiodal::test]
async fn asks_for_nothing() {}

#[aiodal::test]
async fn borrows(tx: &Transaction) {
    let _: &Transaction = tx;
}

#[aiodal::test]
async fn borrows_mutably(tx: &mut Transaction) {
    let _: &mut Transaction = tx;
}

#[aiodal::test]
async fn owns(tx: Transaction) {
    let _: Transaction = tx;
}

#[aiodal::test]
async fn owns_mutably(mut tx: aiodal::Transaction) {
    let _ = &mut tx;
}

#[aiodal::test]
async fn ignores(_: &mut Transaction) {}

#[aiodal::test]
async fn returns_a_result(_tx: &mut Transaction) -> Result<(), aiodal::BoxError> {
    Ok(())
}

#[aiodal::test]
async fn returns_what_main_could() -> ExitCode {
    ExitCode::SUCCESS
}

#[aiodal::test]
async fn returns_something_opaque() -> impl std::process::Termination {
    ExitCode::SUCCESS
}

#[aiodal::test]
async fn never_returns() -> ! {
    panic!("on purpose")
}

#[aiodal::test]
async fn r#async(r#type: &mut Transaction) {
    let _ = r#type;
}

// The names that generated code uses.
#[aiodal::test]
async fn context(argument0: &mut Transaction) {
    let _ = argument0;
}

#[aiodal::test]
async fn argument0(context: (&Transaction)) {
    let _ = context;
}

fn main() {}
