//! Reads `#[test_case(..)]` below our attribute: how many arguments each case passes.
//!
//! `test-case` calls a function with exactly the values it was given. So its tests call ours, which takes those values
//! and sets up the rest itself.

use proc_macro2::TokenStream;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Error, Expr, Ident, Token};

use crate::attribute;
use crate::function::Function;
use crate::problems::Problems;

/// What the cases of a function have in common.
#[derive(Debug)]
pub(crate) struct Cases {
    /// How many leading arguments they pass.
    pub(crate) arguments: usize,
    /// Whether one of them expects a panic.
    pub(crate) may_panic: bool,
}

struct Case {
    values: usize,
    panics: bool,
    problem: Option<Error>,
}

impl Cases {
    /// Reads the cases below our attribute, if there are any.
    pub(crate) fn read(function: &Function, problems: &mut Problems) -> Option<Self> {
        let takes = function.sig.inputs.len();
        let mut cases: Option<Self> = None;
        for attr in function
            .attrs
            .iter()
            .filter(|attr| attribute::is_test_case(attr))
        {
            let case = match attr.parse_args_with(Case::parse) {
                Ok(case) => case,
                Err(problem) => {
                    problems.add(problem);
                    continue;
                }
            };
            if let Some(problem) = case.problem {
                problems.add(problem);
            }
            let values = case.values;
            let cases = cases.get_or_insert(Self {
                arguments: values,
                may_panic: false,
            });
            cases.may_panic |= case.panics;
            let first = cases.arguments;
            let count = counted(values);
            if values != first {
                problems.at(
                    attr,
                    format!("this case passes {count}, the first one {first}"),
                );
            } else if values > takes {
                let name = &function.sig.ident;
                problems.at(
                    attr,
                    format!("this case passes {count}, but `{name}` takes {takes}"),
                );
            }
        }
        cases
    }
}

impl Case {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let values = Punctuated::<Expr, Token![,]>::parse_separated_nonempty(input)?;
        let mut problem = None;
        let arrow: Option<Token![=>]> = input.parse()?;
        if let Some(arrow) = arrow
            // `test-case` would look at the verdict, not at what the body returned; or at nothing, and pass.
            && !matches!(input.parse::<Ident>(), Ok(word) if word == "panics")
        {
            problem = Some(Error::new_spanned(
                arrow,
                "a case can expect a panic, `=> panics \"..\"`, and nothing else; assert on values in the body",
            ));
        }
        // The rest is between the user and `test-case`.
        input.parse::<TokenStream>()?;
        Ok(Self {
            values: values.len(),
            panics: arrow.is_some(),
            problem,
        })
    }
}

fn counted(values: usize) -> String {
    match values {
        1 => "1 value".to_owned(),
        values => format!("{values} values"),
    }
}
