//! What a test asks for, and the rules of asking.

use syn::{Pat, Signature, Type};

use crate::attribute;
use crate::function::{Kind, typed};
use crate::parameters::Parameters;
use crate::problems::Problems;
use crate::request::{Request, check_type, is_about_a_request};

/// Where an argument of the test comes from.
pub(crate) enum Argument {
    /// `test-case` passes it.
    Case(Type),
    /// Each case has a value for it.
    Parameter,
    /// aiodal sets it up.
    Fixture(Request),
}

impl Argument {
    fn is_transaction(&self) -> bool {
        match self {
            Self::Case(_) | Self::Parameter => false,
            Self::Fixture(request) => request.is("Transaction"),
        }
    }
}

/// Says where each argument comes from; the first ones are the cases'.
pub(super) fn arguments(
    sig: &Signature,
    from_cases: usize,
    parameters: Option<&Parameters<'_>>,
    problems: &mut Problems,
) -> Vec<Argument> {
    if let Some(receiver) = sig.receiver() {
        problems.at(
            receiver,
            "a test cannot take `self`; move it out of the `impl` block and ask for what it needs by type",
        );
    }
    let mut arguments = Vec::new();
    for (position, argument) in typed(sig).enumerate() {
        let is_parameter = parameters.is_some_and(|parameters| parameters.takes(position));
        let mut is_understood = true;
        let others = argument.attrs.iter();
        for attr in others.filter(|attr| !attribute::is_of_a_parameter(attr)) {
            if !is_about_a_request(attr) {
                is_understood = false;
                problems.at(attr, attribute::refusal_on_argument(attr));
            } else if is_parameter || position < from_cases {
                problems.at(attr, "the cases pass this argument; remove the attribute");
            }
        }
        if is_parameter {
            arguments.push(Argument::Parameter);
            continue;
        }
        check_type(&argument.ty, problems);
        // What an argument with a wrong attribute was meant to be is not known; one error is enough.
        arguments.push(if position < from_cases || !is_understood {
            Argument::Case((*argument.ty).clone())
        } else {
            Argument::Fixture(Request::read(argument, Kind::Test, problems))
        });
    }
    arguments
}

pub(super) fn check_one_transaction(
    sig: &Signature,
    arguments: &[Argument],
    problems: &mut Problems,
) {
    let mut transactions = typed(sig)
        .zip(arguments)
        .filter(|(_, argument)| argument.is_transaction());
    let Some((first, _)) = transactions.next() else {
        return;
    };
    let instead = match &*first.pat {
        Pat::Ident(first) => format!("`{}`", first.ident),
        _ => "the first".to_owned(),
    };
    for (second, _) in transactions {
        problems.at(
            second,
            format!("a test has one transaction; remove this argument and use {instead}"),
        );
    }
}
