//! sqlx: two versions, which differ in what they send, through one text.

mod version_08;
mod version_09;
