//! Parameters, and the tests they make.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser};

use super::*;
use crate::function::Kind;

fn read<T>(
    item: TokenStream,
    see: impl FnOnce(&Function, &Parameters<'_>) -> T,
) -> Result<T, Vec<String>> {
    let mut problems = Problems::default();
    let parse = |input: ParseStream<'_>| Function::parse(input, Kind::Test, &mut problems);
    let function = parse.parse2(item).unwrap();
    let parameters = Parameters::read(&function, &mut problems);
    let problems = problems.messages();
    if problems.is_empty() {
        Ok(see(&function, &parameters.expect("it has parameters")))
    } else {
        Err(problems)
    }
}

/// Each test as its name, what it passes, and its attributes.
fn cases(item: TokenStream) -> Vec<String> {
    let describe = |function: &Function, parameters: &Parameters<'_>| {
        let cases = parameters.cases(&function.sig);
        let describe = |case: &Case<'_>| {
            let arguments = 0..function.arguments().count();
            let values: Vec<String> = arguments
                .filter_map(|position| case.value(position))
                .map(|value| value.to_token_stream().to_string())
                .collect();
            let attrs = case.attrs.iter().map(|attr| attribute::name(attr));
            let attrs: Vec<String> = attrs.map(|name| format!(" #{name}")).collect();
            let (path, values) = (case.path.join("::"), values.join(", "));
            format!("{path}({values}){}", attrs.concat())
        };
        cases.iter().map(describe).collect()
    };
    read(item, describe).unwrap()
}

#[track_caller]
fn problems(item: TokenStream) -> Vec<String> {
    read(item, |_, _| ()).unwrap_err()
}

#[test]
fn each_row_is_a_test() {
    let item = quote! {
        #[case::united("UA", 1)]
        #[case("DL", 2)]
        async fn t(tx: &Transaction, #[case] code: &str, x: X, #[case] n: u8) {}
    };
    assert_eq!(
        cases(item),
        ["case_1_united(\"UA\", 1)", "case_2(\"DL\", 2)"]
    );
}

#[test]
fn numbers_are_as_wide_as_the_last() {
    let rows = (0..10).map(|_| quote!(#[case(0)]));
    let names = cases(quote!(#(#rows)* async fn t(#[case] n: u8) {}));
    assert_eq!(names[0], "case_01(0)");
    assert_eq!(names[9], "case_10(0)");
}

#[test]
fn values_are_combined_with_rows_and_each_other() {
    let item = quote! {
        #[case(true)]
        #[case(false)]
        async fn t(#[values(1, 2)] n: u8, #[case] b: bool, #[values("x", -1.5)] mut v: V) {}
    };
    assert_eq!(
        cases(item),
        [
            "case_1::n_1_1::v_1___x__(1, true, \"x\")",
            "case_1::n_1_1::v_2__1_5(1, true, - 1.5)",
            "case_1::n_2_2::v_1___x__(2, true, \"x\")",
            "case_1::n_2_2::v_2__1_5(2, true, - 1.5)",
            "case_2::n_1_1::v_1___x__(1, false, \"x\")",
            "case_2::n_1_1::v_2__1_5(1, false, - 1.5)",
            "case_2::n_2_2::v_1___x__(2, false, \"x\")",
            "case_2::n_2_2::v_2__1_5(2, false, - 1.5)",
        ]
    );
}

#[test]
fn a_comment_names_a_value() {
    let item = quote! {
        async fn t(#[values(#[doc = " half a minute "] 30, 60)] n: u8) {}
    };
    assert_eq!(cases(item), ["n_1_half_a_minute(30)", "n_2_60(60)"]);
}

#[test]
fn attributes_belong_to_the_next_case_or_to_all() {
    let item = quote! {
        #[doc = "Of the function."]
        #[ignore]
        #[case(1)]
        #[expect(unused)]
        #[case(2)]
        #[should_panic]
        #[other::attribute]
        async fn t(#[case] n: u8) {}
    };
    assert_eq!(
        cases(item.clone()),
        [
            "case_1(1) #ignore #should_panic #other::attribute",
            "case_2(2) #should_panic #other::attribute"
        ]
    );
    let of_function = read(item, |_, parameters| {
        let attrs = parameters.of_function.iter();
        attrs.map(|attr| attribute::name(attr)).collect::<Vec<_>>()
    });
    assert_eq!(of_function.unwrap(), ["doc", "expect"]);
}

#[test]
fn all_problems_of_the_rows_are_found_at_once() {
    let found = problems(quote! {
        #[case(1)]
        #[case]
        #[case::a::b(1, 2)]
        #[case(1, 2, 3)]
        async fn t(#[case] a: A, #[case] b: B) {}
    });
    let expected = [
        "a case needs values",
        "a case has one name",
        "this case has 1 value, but `t` has 2 arguments with `#[case]`",
        "this case has 3 values",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found} should be {expected}");
    }
}

#[test]
fn a_mistake_in_an_argument_is_not_blamed_on_the_rows() {
    for argument in [quote!(#[case(1)] a: A), quote!(#[values] a: A)] {
        let found = problems(quote!(#[case(1)] async fn t(#argument) {}));
        assert_eq!(found.len(), 1, "{found:#?}");
    }
}
