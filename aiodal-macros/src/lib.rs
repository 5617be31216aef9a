//! The macros of [`aiodal`]: `#[aiodal::test]`, `#[aiodal::fixture]`, `#[aiodal::session]`, `#[derive(aiodal::FromRow)]` and
//! `#[derive(aiodal::ToRow)]`.
//!
//! Use them through the `aiodal` crate, which re-exports them beside what they expand to.
//!
//! The way of a test through this crate is its list of files: `settings` and `args` read the options, `function` takes
//! the item apart, `parameters` finds what makes several tests of it, `model` checks every rule, `expand` quotes;
//! `fallback` is what remains of a test with mistakes. `fixture`, `from_row` and `to_row` have the like of their own,
//! `request` is what tests and fixtures ask for, and `row` what the derives share.
//!
//! [`aiodal`]: https://docs.rs/aiodal

mod args;
mod attribute;
mod cases;
mod expand;
mod fallback;
mod fingerprint;
mod fixture;
mod from_row;
mod function;
mod krate;
mod model;
mod nearest;
mod parameters;
mod problems;
mod request;
mod row;
mod session;
mod settings;
mod test;
mod to_row;

use proc_macro::TokenStream;

#[doc = include_str!("docs/test.md")]
#[proc_macro_attribute]
pub fn test(args: TokenStream, item: TokenStream) -> TokenStream {
    test::test(args.into(), &item.into()).into()
}

#[doc = include_str!("docs/fixture.md")]
#[proc_macro_attribute]
pub fn fixture(args: TokenStream, item: TokenStream) -> TokenStream {
    fixture::fixture(args.into(), &item.into()).into()
}

#[doc = include_str!("docs/session.md")]
#[proc_macro_attribute]
pub fn session(args: TokenStream, item: TokenStream) -> TokenStream {
    session::session(args.into(), &item.into()).into()
}

#[doc = include_str!("docs/from_row.md")]
#[proc_macro_derive(FromRow, attributes(aiodal))]
pub fn from_row(item: TokenStream) -> TokenStream {
    from_row::from_row(item.into()).into()
}

#[doc = include_str!("docs/to_row.md")]
#[proc_macro_derive(ToRow, attributes(aiodal))]
pub fn to_row(item: TokenStream) -> TokenStream {
    to_row::to_row(item.into()).into()
}
