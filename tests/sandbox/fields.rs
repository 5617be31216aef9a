//! What a message's body is read by.

use bytes::{Buf, Bytes};

/// The rest of a body. What is missing from it reads as nothing: a wrong answer is to be shown, not to panic.
pub(crate) struct Fields(pub(crate) Bytes);

impl Fields {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.0.try_get_u8().unwrap_or_default()
    }

    pub(crate) fn short(&mut self) -> i16 {
        self.0.try_get_i16().unwrap_or_default()
    }

    pub(crate) fn int(&mut self) -> i32 {
        self.0.try_get_i32().unwrap_or_default()
    }

    pub(crate) fn oid(&mut self) -> u32 {
        self.0.try_get_u32().unwrap_or_default()
    }

    /// Text up to a zero byte.
    pub(crate) fn text(&mut self) -> String {
        let end = self.0.iter().position(|byte| *byte == 0);
        let text = self.0.split_to(end.unwrap_or(self.0.len()));
        self.byte();
        shown(&text)
    }

    /// So many bytes; none for a length below zero, which is NULL's.
    pub(crate) fn value(&mut self) -> Option<Bytes> {
        let length = usize::try_from(self.int()).ok()?;
        Some(self.0.split_to(length.min(self.0.len())))
    }
}

/// Text where it is text, and the rest in numbers.
pub(crate) fn shown(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => text.to_owned(),
        _ => format!("\\x{}", hex(bytes)),
    }
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
    digits.collect()
}
