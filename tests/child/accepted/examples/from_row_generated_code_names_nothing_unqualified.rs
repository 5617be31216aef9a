#![no_implicit_prelude]
#![deny(warnings)]

#[expect(dead_code, reason = "none of them is ours")]
mod decoys {
    pub struct Result;
    pub struct Option;
    pub struct Ok;
    pub struct Default;
    pub struct From;
    pub struct Plan;
    pub struct Row;
}

#[expect(unused_imports, reason = "what is derived must not use them")]
use decoys::*;

/// Documented.
#[derive(::aiodal::FromRow)]
pub struct Everything<T> {
    /// Documented.
    pub id: i32,
    #[aiodal(rename = "n")]
    pub name: ::std::option::Option<::std::string::String>,
    #[aiodal(default)]
    pub missing: i64,
    #[aiodal(skip)]
    pub skipped: u8,
    #[aiodal(json)]
    pub json: ::std::vec::Vec<u8>,
    #[aiodal(from = "i32")]
    pub from: i64,
    #[aiodal(try_from = "i64")]
    pub try_from: ::std::option::Option<i32>,
    #[aiodal(flatten, prefix = "one_")]
    pub one: One,
    #[aiodal(flatten)]
    pub other: T,
}

#[derive(::aiodal::FromRow)]
pub struct One(pub i32);

fn is_row<T: ::aiodal::FromRow>() {}

fn main() {
    is_row::<Everything<One>>();
    is_row::<::std::option::Option<One>>();
}
