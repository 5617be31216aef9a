//! What a test is: the function and the options as our own types, after every rule has been checked.

mod arguments;
mod rules;
#[cfg(test)]
mod tests;

pub(crate) use self::arguments::Argument;
use self::arguments::{arguments, check_one_transaction};
pub(crate) use self::rules::check_qualifiers;
use self::rules::{check_attributes, check_returns_nothing, check_somebody_sees};
use crate::args::TestArgs;
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
        check_somebody_sees(&args, &arguments, &mut problems);
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
