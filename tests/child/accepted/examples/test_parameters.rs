// As it is written, not as rustfmt would write it.
#![cfg_attr(rustfmt, rustfmt_skip)]
#![deny(warnings)]

use aiodal::Transaction;

/// Documented.
#[aiodal::test]
#[case::united("UA", 2013)]
#[ignore = "it takes an hour"]
#[case("DL", 2014,)]
pub async fn rows(#[case] carrier: &str, #[case] year: i32, tx: &mut Transaction) {
    let _ = (carrier, year, tx);
}

#[aiodal::test]
#[case(1)]
async fn rows_and_values(
    #[case] one: u8,
    #[values(1, 2)] mut n: u64,
    _tx: Transaction,
    #[values("a", /** the second */ "b")] r#type: &str,
) -> aiodal::Result<()> {
    n += u64::from(one);
    let _ = (n, r#type);
    Ok(())
}

#[expect(unused_variables)]
#[should_panic]
#[aiodal::test]
#[case(None)]
#[case(Some("UA"))]
async fn lints_are_those_of_the_function(#[case] carrier: Option<&str>) {
    panic!("boom");
}

#[aiodal::test]
async fn r#try(#[values(1)] n: impl Into<i64>) {
    let _ = n.into();
}

macro_rules! cases {
    ($name:ident, $($value:expr),*) => {
        #[aiodal::test]
        $(#[case($value)])*
        async fn $name(#[case] value: i32, _tx: &Transaction) {
            let _ = value;
        }
    };
}

cases!(from_a_macro, 1, 1 + 1);

fn main() {}
