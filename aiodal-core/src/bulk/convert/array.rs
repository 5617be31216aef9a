//! Arrays of one dimension, as the server writes them: `{1,NULL,"a b"}`.

use tokio_postgres::types::Type;

use super::text::Text;
use super::{Input, Session};

/// Where the number of members is in the header: behind the dimensions, whether there are NULLs, and the type.
const COUNT: usize = 12;
const NULL: u32 = u32::MAX;

#[derive(Clone, Debug)]
pub(super) struct Array {
    member: Input,
    oid: u32,
    nulls: bool,
    text: Text,
}

/// A member as it is written, and what follows it.
enum Member<'a> {
    Plain(&'a [u8], &'a [u8]),
    Quoted(&'a [u8], &'a [u8]),
    Unescaped(Vec<u8>, &'a [u8]),
}

impl Array {
    pub(super) fn of(member: &Type, modifier: i32, session: &Session) -> Option<Array> {
        Some(Array {
            member: Input::of(member, modifier, session)?,
            oid: member.oid(),
            nulls: session.array_nulls == "on",
            text: Text::new(session),
        })
    }

    pub(super) fn convert(&self, text: &[u8], out: &mut Vec<u8>) -> Option<()> {
        // Not only each member: what is no text may become some when a backslash is taken out.
        if !self.text.is_valid(text) {
            return None;
        }
        let mut rest = text.strip_prefix(b"{")?;
        let start = out.len();
        let dimensions = u32::from(rest != b"}");
        for word in [dimensions, 0, self.oid] {
            out.extend_from_slice(&word.to_be_bytes());
        }
        if dimensions == 0 {
            return Some(());
        }
        out.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, 1]);
        let mut count = 0_u32;
        let mut has_null = false;
        loop {
            let member = Member::read(rest.trim_ascii_start())?;
            let is_null = self.convert_member(&member, out)?;
            has_null |= is_null;
            count += 1;
            rest = match member.rest() {
                [b'}'] => break,
                [b',', rest @ ..] => rest,
                _ => return None,
            };
        }
        out[start + 4..start + 8].copy_from_slice(&u32::from(has_null).to_be_bytes());
        out[start + COUNT..start + COUNT + 4].copy_from_slice(&count.to_be_bytes());
        Some(())
    }

    /// Appends a member with its length; says whether it is NULL.
    fn convert_member(&self, member: &Member<'_>, out: &mut Vec<u8>) -> Option<bool> {
        let text = match member {
            Member::Plain(text, _) if text.eq_ignore_ascii_case(b"null") => {
                out.extend_from_slice(&NULL.to_be_bytes());
                return self.nulls.then_some(true);
            }
            Member::Plain(text, _) | Member::Quoted(text, _) => text,
            Member::Unescaped(text, _) => text.as_slice(),
        };
        let start = out.len();
        out.extend_from_slice(&[0; 4]);
        self.member.convert(text, out)?;
        let length = u32::try_from(out.len() - start - 4).ok()?;
        out[start..start + 4].copy_from_slice(&length.to_be_bytes());
        Some(false)
    }
}

impl<'a> Member<'a> {
    fn read(text: &'a [u8]) -> Option<Member<'a>> {
        let Some(quoted) = text.strip_prefix(b"\"") else {
            let end = text.iter().position(|byte| is_special(*byte))?;
            let (text, rest) = text.split_at(end);
            return (!text.is_empty()).then_some(Member::Plain(text, rest));
        };
        let end = quoted
            .iter()
            .position(|byte| matches!(byte, b'"' | b'\\'))?;
        if quoted[end] == b'"' {
            Some(Member::Quoted(&quoted[..end], &quoted[end + 1..]))
        } else {
            Member::unescape(quoted, end)
        }
    }

    /// Reads to the closing quote; up to `end` there is no backslash.
    fn unescape(quoted: &'a [u8], end: usize) -> Option<Member<'a>> {
        let (plain, mut rest) = quoted.split_at(end);
        let mut text = plain.to_vec();
        loop {
            match rest {
                [b'"', rest @ ..] => return Some(Member::Unescaped(text, rest)),
                [b'\\', byte, tail @ ..] | [byte, tail @ ..] => {
                    text.push(*byte);
                    rest = tail;
                }
                [] => return None,
            }
        }
    }

    fn rest(&self) -> &'a [u8] {
        match self {
            Member::Plain(_, rest) | Member::Quoted(_, rest) | Member::Unescaped(_, rest) => rest,
        }
    }
}

/// Says whether a byte ends a member without quotes, or needs them.
fn is_special(byte: u8) -> bool {
    matches!(
        byte,
        b',' | b'{' | b'}' | b'"' | b'\\' | b' ' | b'\t'..=b'\r'
    )
}
