//! Functions with parameters: each case and each value is a test of its own.

use std::collections::BTreeSet;
use std::sync::Mutex;

use aiodal::Transaction;

/// Runs `body`, which keeps the name of the case in the transaction's table; no other case's is there.
async fn alone(tx: &Transaction, name: &str) -> aiodal::Result<()> {
    tx.batch_execute("create table if not exists parameter (name text)")
        .await?;
    tx.execute("insert into parameter values ($1)", &[&name])
        .await?;
    let rows: i64 = tx
        .query_one("select count(*) from parameter", &[])
        .await?
        .get(0);
    assert_eq!(rows, 1, "another case's row is there");
    Ok(())
}

#[aiodal::test]
#[case::united("UA", 2)]
#[case::delta(&String::from("DL"), 2)]
#[case("", 0)]
async fn row_of_a_case_is_passed_and_its_transaction_is_its_own(
    #[case] code: &str,
    tx: &mut Transaction,
    #[case] length: usize,
) -> aiodal::Result<()> {
    assert_eq!(code.len(), length);
    alone(tx, code).await
}

#[aiodal::test]
async fn every_combination_of_values_is_passed(
    #[values(1, 500)] n: i64,
    tx: Transaction,
    #[values("a", "b", "c")] letter: &str,
) -> aiodal::Result<()> {
    alone(&tx, &format!("{n}{letter}")).await
}

/// What `#[case]` and `#[values]` may be: anything that may be written as an argument, where it is written.
mod expressions {
    use super::{Transaction, alone};

    const ONE: i32 = 1;

    fn two() -> i32 {
        2
    }

    #[aiodal::test]
    #[case(ONE, &[1], (&mut vec![0], 'a'))]
    #[case::called(two(), &[1].repeat(2), (&mut Vec::from([0]), 'b'))]
    #[case::in_a_block({ use super::two; two() }, &[1; 2], (&mut vec![1; 2], 'c'))]
    async fn see_what_is_in_scope_and_live_as_long_as_the_call(
        #[case] n: i32,
        #[case] ones: &[i32],
        #[case] (list, _): (&mut Vec<i32>, char),
        tx: &Transaction,
    ) -> aiodal::Result<()> {
        assert_eq!(i32::try_from(ones.len()), Ok(n));
        list.push(n);
        alone(tx, "list").await
    }

    #[aiodal::test(flavor = "multi_thread", worker_threads = 1)]
    #[case(1_u8)]
    #[case("one")]
    async fn may_be_of_several_types(#[case] value: impl ToString, #[values(1, 2)] mut count: u8) {
        count += 1;
        assert!(value.to_string().len() < usize::from(count) + 3);
    }
}

fn two() -> i32 {
    2
}

/// Guards what the ignored case would add; each of the others adds itself.
static RAN: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());

#[aiodal::test]
#[case::one("one")]
#[ignore = "to be seen as ignored"]
#[case::ignored("ignored")]
#[should_panic(expected = "the third panics")]
#[case::panics("the third panics")]
async fn attributes_above_a_case_belong_to_it(#[case] name: &'static str) -> Result<(), String> {
    let mut ran = RAN.lock().map_err(|_| "poisoned")?;
    ran.insert(name);
    assert!(!ran.contains("ignored"), "the ignored case ran");
    drop(ran);
    assert!(name == "one", "{name}");
    Ok(())
}

#[should_panic(expected = "every case panics")]
#[aiodal::test]
#[case(1)]
#[case(2)]
async fn attributes_above_the_macro_belong_to_every_case(#[case] n: u8) {
    assert!(n == 0, "every case panics");
}

#[aiodal::test]
#[case(1)]
#[case(2)]
#[should_panic(expected = "every case panics")]
async fn attributes_below_the_last_case_belong_to_every_case(#[case] n: u8, tx: &Transaction) {
    alone(tx, "panics").await.expect("its table is its own");
    assert!(n == 0, "every case panics");
}

#[aiodal::test]
#[should_panic(expected = "no number")]
#[case("x".parse().expect("no number"))]
#[case(1)]
async fn panic_of_an_expression_is_one_of_its_case(#[case] n: u8, tx: &Transaction) {
    alone(tx, "not reached by the first")
        .await
        .expect("its table is its own");
    assert_eq!(n, 1);
}
