//! Collects every problem, so that a user sees all of them in one compilation.

use std::fmt::Display;

use quote::ToTokens;

/// The problems found so far, in the order in which they were found.
#[derive(Debug, Default)]
pub(crate) struct Problems(Option<syn::Error>);

impl Problems {
    /// Records a problem that is underlined from the first to the last of `tokens`.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.add(syn::Error::new_spanned(tokens, message));
    }

    pub(crate) fn add(&mut self, problem: syn::Error) {
        match &mut self.0 {
            Some(first) => first.combine(problem),
            None => self.0 = Some(problem),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Ends the collecting after the last problem was added.
    ///
    /// # Panics
    ///
    /// If there is none: without a problem there is nothing to fall back from.
    pub(crate) fn into_error(self) -> syn::Error {
        self.0.expect("a problem was added")
    }

    #[cfg(test)]
    pub(crate) fn messages(self) -> Vec<String> {
        let problems = self.0.into_iter().flatten();
        problems.map(|problem| problem.to_string()).collect()
    }

    /// Ends the collecting: `value` if there was no problem, otherwise all of them as one error.
    pub(crate) fn or<T>(self, value: T) -> syn::Result<T> {
        self.0.map_or(Ok(value), Err)
    }
}
