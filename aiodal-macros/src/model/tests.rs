//! Which functions are tests, and what is said of the others.

use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser};

use super::*;
use crate::request::Request;

/// Every problem of a function, or what `read` makes of its model.
fn with<T>(
    item: proc_macro2::TokenStream,
    read: impl FnOnce(&TestFn<'_>) -> T,
) -> Result<T, Vec<String>> {
    let mut problems = Problems::default();
    let args = TestArgs::parse(quote!(), &mut problems);
    let parse = |input: ParseStream<'_>| Function::parse(input, Kind::Test, &mut problems);
    let function = parse
        .parse2(item)
        .map_err(|problem| vec![problem.to_string()])?;
    TestFn::new(&function, args, problems)
        .map(|test| read(&test))
        .map_err(|problems| {
            problems
                .into_iter()
                .map(|problem| problem.to_string())
                .collect()
        })
}

#[track_caller]
fn problems(item: proc_macro2::TokenStream) -> Vec<String> {
    with(item, |_| ()).unwrap_err()
}

fn describe(argument: &Argument) -> String {
    match argument {
        Argument::Case(ty) => format!("case {}", ty.to_token_stream()),
        Argument::Parameter => "parameter".to_owned(),
        Argument::Fixture(Request {
            ty,
            passing,
            from,
            with,
        }) => {
            let from = from
                .as_ref()
                .map(|from| format!(" from {}", from.to_token_stream()));
            let with = with
                .as_ref()
                .map(|with| format!(" with {}", with.values.len()));
            format!(
                "{passing:?} {}{}{}",
                ty.to_token_stream(),
                from.unwrap_or_default(),
                with.unwrap_or_default()
            )
        }
    }
}

fn arguments_of(item: proc_macro2::TokenStream) -> Vec<String> {
    with(item, |test| test.arguments.iter().map(describe).collect()).unwrap()
}

#[test]
fn a_reference_is_how_the_argument_is_passed() {
    assert_eq!(
        arguments_of(quote!(
            async fn t(mut a: A, (b, c): &db::B, _: &mut C) {}
        )),
        ["Owned A", "Shared db :: B", "Exclusive C"]
    );
}

#[test]
fn a_fixture_may_be_asked_for_by_name_and_with_values() {
    assert_eq!(
        arguments_of(quote!(
            async fn t(
                #[from(kit::alice)] a: &User,
                #[from(b)] b: &'static str,
                #[with(1, "b")] c: C,
                #[with()] d: D,
            ) {
            }
        )),
        [
            "Shared User from kit :: alice",
            "Owned & 'static str from b",
            "Owned C with 2",
            "Owned D with 0"
        ]
    );
}

#[test]
fn the_leading_arguments_are_those_of_the_cases() {
    let item = quote! {
        #[test_case(1, "a")]
        #[test_case(2, "b"; "second")]
        async fn t(n: i32, s: &str, tx: &mut Transaction) {}
    };
    assert_eq!(
        arguments_of(item),
        ["case i32", "case & str", "Exclusive Transaction"]
    );
}

#[test]
fn a_panic_may_be_about_the_test_or_one_of_its_cases() {
    let flags = |item| with(item, |test| (test.should_panic, test.returns_unit)).unwrap();
    assert_eq!(
        flags(quote!(
            async fn t() {}
        )),
        (false, false)
    );
    assert_eq!(
        flags(quote!(
            #[should_panic]
            async fn t() {}
        )),
        (true, true)
    );
    let cases = quote!(
        #[test_case(1)]
        #[test_case(2 => panics)]
        async fn t(n: i32) {}
    );
    assert_eq!(flags(cases), (true, false));
}

#[test]
fn a_second_transaction_is_refused_however_it_is_written() {
    let found = problems(quote! {
        async fn t(tx: Transaction, other: &aiodal::Transaction, a: A, third: &mut Transaction) {}
    });
    let problem = "a test has one transaction; remove this argument and use `tx`";
    assert_eq!(found, [problem, problem]);
}

#[test]
fn a_receiver_does_not_shift_the_blame() {
    let found = problems(quote!(
        async fn t(&self, tx: Transaction, n: u8) {}
    ));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].contains("`self`"));
}

#[test]
fn all_problems_of_a_function_are_found_at_once() {
    let found = problems(quote! {
        #[tokio::test]
        #[rstest]
        #[should_panic]
        unsafe extern "C" fn t<T>(#[future] a: A, b: &'static B, c: impl C, ...) -> u8 where T: C;
    });
    let expected = [
        "needs a body",
        "`#[tokio::test]`",
        "`#[rstest]`",
        "`unsafe`",
        "`extern \"C\"`",
        "generic",
        "`where`",
        "variadic",
        "`#[future]`",
        "`'static`",
        "concrete",
        "`#[should_panic]`",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            found.contains(expected),
            "{found} should be about {expected}"
        );
    }
}

#[test]
fn a_test_that_another_macro_has_taken_is_not_blamed_for_its_form() {
    let found = problems(quote!(
        #[::core::prelude::v1::test]
        fn t() {}
    ));
    assert_eq!(
        found,
        ["another test attribute has made a test of this function; remove it"]
    );
}

#[test]
fn a_case_may_expect_a_panic_and_nothing_else() {
    assert!(
        with(
            quote!(
                #[test_case(1 => panics "x")]
                async fn t(n: u8) {}
            ),
            |_| ()
        )
        .is_ok()
    );
    for expected in [
        quote!(7),
        quote!(ignore),
        quote!(matches Ok(_)),
        quote!(using f),
    ] {
        let found = problems(quote!(
            #[test_case(1 => #expected)]
            async fn t(n: u8) {}
        ));
        assert!(
            found[0].starts_with("a case can expect a panic"),
            "{found:#?}"
        );
    }
}
