#![no_implicit_prelude]
#![deny(warnings)]

#[expect(dead_code, reason = "none of them is ours")]
mod decoys {
    pub struct Result;
    pub struct Option;
    pub struct Ok;
    pub struct Err;
    pub struct Some;
    pub struct None;
    pub struct From;
    pub struct TryFrom;
    pub struct RowColumns;
    pub struct RowWriter;
}

#[expect(unused_imports, reason = "what is derived must not use them")]
use decoys::*;

/// Documented.
#[derive(::aiodal::ToRow)]
pub struct Everything<'a, T> {
    /// Documented.
    pub id: i32,
    #[aiodal(rename = "n")]
    pub name: ::std::option::Option<&'a str>,
    #[aiodal(default)]
    pub missing: i64,
    #[aiodal(skip)]
    pub skipped: u8,
    #[aiodal(json)]
    pub json: ::std::vec::Vec<u8>,
    #[aiodal(json)]
    pub no_json: ::std::option::Option<::std::vec::Vec<u8>>,
    #[aiodal(into = "&'a str")]
    pub into: Word<'a>,
    #[aiodal(into = "&'a str")]
    pub into_option: ::std::option::Option<Word<'a>>,
    #[aiodal(try_into = "i16")]
    pub try_into: Number,
    #[aiodal(try_into = "i16", try_from = "i16")]
    pub try_into_option: ::std::option::Option<Number>,
    #[aiodal(flatten, prefix = "one_")]
    pub one: One,
    #[aiodal(flatten)]
    pub other: T,
}

#[derive(::aiodal::ToRow)]
pub struct One(pub i32, #[aiodal(json)] pub bool);

/// Both derives of one struct know each other's options.
#[derive(::aiodal::FromRow, ::aiodal::ToRow)]
pub struct Both {
    #[aiodal(from = "i16", into = "i16")]
    pub number: Number,
    #[aiodal(default)]
    pub missing: i64,
    #[aiodal(flatten)]
    pub one: One2,
}

#[derive(::aiodal::FromRow, ::aiodal::ToRow)]
pub struct One2(pub i32);

pub struct Word<'a>(pub &'a str);

impl<'a> ::std::convert::From<&Word<'a>> for &'a str {
    fn from(word: &Word<'a>) -> &'a str {
        word.0
    }
}

pub struct Number(pub i16);

impl ::std::convert::From<&Number> for i16 {
    fn from(number: &Number) -> i16 {
        number.0
    }
}

impl ::std::convert::From<i16> for Number {
    fn from(number: i16) -> Number {
        Number(number)
    }
}

fn is_row<T: ::aiodal::ToRow>() {}

fn main() {
    is_row::<Everything<'_, One>>();
    is_row::<::std::option::Option<One>>();
    is_row::<&Both>();
}
