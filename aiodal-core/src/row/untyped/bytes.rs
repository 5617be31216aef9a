//! Reads the parts of a value in PostgreSQL's binary form, which is in network order throughout.

use crate::error::BoxError;

/// What of a value has not been read yet.
pub(super) struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn new(raw: &'a [u8]) -> Bytes<'a> {
        Bytes(raw)
    }

    /// Reads the whole of a value that is `N` bytes long.
    pub(super) fn whole<const N: usize>(raw: &[u8]) -> Result<[u8; N], BoxError> {
        raw.try_into()
            .map_err(|_| format!("it is {} bytes long instead of {N}", raw.len()).into())
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], BoxError> {
        let (array, rest) = self.0.split_first_chunk().ok_or("it ends too early")?;
        self.0 = rest;
        Ok(*array)
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], BoxError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or("it ends too early")?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn u8(&mut self) -> Result<u8, BoxError> {
        self.array().map(u8::from_be_bytes)
    }

    pub(super) fn i16(&mut self) -> Result<i16, BoxError> {
        self.array().map(i16::from_be_bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16, BoxError> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn i32(&mut self) -> Result<i32, BoxError> {
        self.array().map(i32::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, BoxError> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn i64(&mut self) -> Result<i64, BoxError> {
        self.array().map(i64::from_be_bytes)
    }

    /// Reads a number of things that follow.
    pub(super) fn count(&mut self) -> Result<usize, BoxError> {
        Ok(usize::try_from(self.i32()?)?)
    }

    /// Reads a value behind its length, which is -1 for null.
    pub(super) fn value(&mut self) -> Result<Option<&'a [u8]>, BoxError> {
        match self.i32()? {
            -1 => Ok(None),
            length => self.take(usize::try_from(length)?).map(Some),
        }
    }

    pub(super) fn rest(self) -> &'a [u8] {
        self.0
    }
}
