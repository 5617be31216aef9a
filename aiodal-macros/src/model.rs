//! What a test is: the function and the options as our own types, after every rule has been checked.

mod arguments;

use quote::ToTokens;
use syn::{Attribute, ReturnType, Safety, Signature, Type};

pub(crate) use self::arguments::Argument;
use self::arguments::{arguments, check_one_transaction};
use crate::args::{SqlFixture, TestArgs};
use crate::attribute;
use crate::cases::Cases;
use crate::function::{Function, Kind};
use crate::parameters::Parameters;
use crate::problems::Problems;

/// A test that keeps all the rules.
pub(crate) struct TestFn<'a> {
    pub(crate) function: &'a Function,
    pub(crate) args: TestArgs,
    pub(crate) arguments: Vec<Argument>,
    /// What makes several tests of it.
    pub(crate) parameters: Option<Parameters<'a>>,
    /// Whether `test-case` adds the tests, which call the emitted function.
    pub(crate) has_cases: bool,
    /// Whether a panic is what this test, or one of its cases, is about.
    pub(crate) should_panic: bool,
    /// Whether the emitted function returns `()`, as rustc wants it of a `#[should_panic]` test.
    pub(crate) returns_unit: bool,
}

impl<'a> TestFn<'a> {
    /// Checks all rules, so that `problems` holds every one that is broken.
    pub(crate) fn new(
        function: &'a Function,
        args: TestArgs,
        mut problems: Problems,
    ) -> syn::Result<Self> {
        let cases = Cases::read(function, &mut problems);
        check_attributes(&function.attrs, &mut problems);
        check_qualifiers(function, Kind::Test, &mut problems);
        let parameters = parameters(function, &mut problems);
        // With parameters, a panic is the matter of each case.
        let returns_unit =
            parameters.is_none() && function.attrs.iter().any(attribute::is_should_panic);
        let from_cases = cases.as_ref().map_or(0, |cases| cases.arguments);
        let arguments = arguments(
            &function.sig,
            from_cases,
            parameters.as_ref(),
            &mut problems,
        );
        check_somebody_sees(&args.sql_fixtures, &arguments, &mut problems);
        check_one_transaction(&function.sig, &arguments, &mut problems);
        if returns_unit {
            check_returns_nothing(&function.sig, &mut problems);
        }

        problems.or(Self {
            function,
            args,
            arguments,
            parameters,
            has_cases: cases.is_some(),
            should_panic: returns_unit || cases.is_some_and(|cases| cases.may_panic),
            returns_unit,
        })
    }
}

/// Reads the parameters, unless another attribute is there to do so.
fn parameters<'a>(function: &'a Function, problems: &mut Problems) -> Option<Parameters<'a>> {
    if function.attrs.iter().any(attribute::is_rstest) {
        // It is told to stand elsewhere, and may know forms that we don't.
        return Parameters::read(function, &mut Problems::default());
    }
    let parameters = Parameters::read(function, problems)?;
    for attr in &function.attrs {
        if attribute::is_test_case(attr) {
            let name = attribute::name(attr);
            problems.at(
                attr,
                format!("`#[{name}]` cannot stand beside `#[case]` and `#[values]`; write `#[case(..)]` in its place"),
            );
        }
    }
    Some(parameters)
}

fn check_attributes(attrs: &[Attribute], problems: &mut Problems) {
    for attr in attrs {
        let name = attribute::name(attr);
        if attribute::is_left_by_a_test_macro(attr) {
            problems.at(
                attr,
                "another test attribute has made a test of this function; remove it",
            );
        } else if attribute::is_test(attr) {
            problems.at(
                attr,
                format!("`#[{name}]` would make a second test of this function; remove it"),
            );
        } else if attribute::is_rstest(attr) {
            problems.at(
                attr,
                format!(
                    "`#[{name}]` must stand above `#[aiodal::test]`, which runs the cases it makes"
                ),
            );
        }
    }
}

/// Without an argument there is no database for the rows to be in.
fn check_somebody_sees(fixtures: &[SqlFixture], arguments: &[Argument], problems: &mut Problems) {
    let asks = |argument: &Argument| matches!(argument, Argument::Fixture(_));
    if let Some(first) = fixtures.first()
        && !arguments.iter().any(asks)
    {
        problems.at(
            &first.name,
            "no argument of this test sees what the file writes; ask for one that does, such as `tx: &mut Transaction`",
        );
    }
}

pub(crate) fn check_qualifiers(function: &Function, kind: Kind, problems: &mut Problems) {
    let sig = &function.sig;
    let name = &sig.ident;
    let noun = kind.noun();
    // Another test attribute may have taken the `async` away; it is to blame, and already named.
    let is_taken_away = function.attrs.iter().any(attribute::is_test);
    if let Some(token) = &sig.constness {
        problems.at(
            token,
            format!("{noun} cannot be `const`; write `async fn {name}`"),
        );
    } else if sig.asyncness.is_none() && !is_taken_away {
        problems.at(
            sig.fn_token,
            format!("{noun} runs on a Tokio runtime; write `async fn {name}`"),
        );
    }
    if let Safety::Unsafe(token) = &sig.safety {
        problems.at(
            token,
            format!("{noun} cannot be `unsafe`; write an `unsafe` block in its body"),
        );
    }
    if let Some(abi) = &sig.abi {
        let written = abi.to_token_stream();
        problems.at(abi, format!("{noun} cannot be `{written}`; remove it"));
    }
    if !sig.generics.params.is_empty() {
        problems.at(
            &sig.generics,
            format!(
                "{noun} cannot be generic; write concrete types, and references without a lifetime"
            ),
        );
    }
    if let Some(clause) = &sig.generics.where_clause {
        problems.at(
            clause,
            format!("{noun} cannot have a `where` clause; remove it"),
        );
    }
    if let Some(variadic) = &sig.variadic {
        problems.at(variadic, format!("{noun} cannot be variadic; remove `...`"));
    }
}

fn check_returns_nothing(sig: &Signature, problems: &mut Problems) {
    if let ReturnType::Type(_, ty) = &sig.output
        && !matches!(&**ty, Type::Tuple(tuple) if tuple.elems.is_empty())
    {
        problems.at(
            ty,
            "a `#[should_panic]` test returns `()`; remove this return type, or `#[should_panic]`",
        );
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;
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
}
