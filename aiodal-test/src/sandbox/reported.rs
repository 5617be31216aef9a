//! The settings that a server tells its clients of, as one client knows them.
//!
//! The connection changes hands, and what is undone is undone late: the server tells of both at the wrong time, or to nobody. So what
//! it tells is kept for the client that it works for, and each client is told what has changed for it at the end of its unit, as
//! a server does.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::BytesMut;

use super::wire;

/// The settings by their names, which keep the server's case.
///
/// Shared until one changes: they are kept and compared for each statement, and change hardly ever.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reported(Arc<BTreeMap<String, String>>);

impl Reported {
    pub(super) fn set(&mut self, name: &str, value: &str) {
        if self.0.get(name).map(String::as_str) != Some(value) {
            Arc::make_mut(&mut self.0).insert(name.to_owned(), value.to_owned());
        }
    }

    /// Returns the settings, with the server's names.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.0.iter();
        all.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns a setting by its name in any case.
    pub(super) fn get(&self, name: &str) -> Option<(&str, &str)> {
        let mut all = self.0.iter();
        let (name, value) = all.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some((name, value))
    }

    /// Says whether a backslash in a literal is a backslash.
    pub(super) fn conforms(&self) -> bool {
        self.0
            .get("standard_conforming_strings")
            .is_none_or(|value| value == "on")
    }

    /// Appends what differs from what the client has been told, and takes it for told.
    pub(super) fn tell(&self, told: &mut Reported, out: &mut BytesMut) {
        if Arc::ptr_eq(&self.0, &told.0) || self == told {
            return;
        }
        for (name, value) in &*self.0 {
            if told.0.get(name) != Some(value) {
                wire::parameter(out, name, value);
            }
        }
        told.clone_from(self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_changed_is_told_and_only_once() {
        let mut told = Reported::default();
        told.set("TimeZone", "UTC");
        told.set("DateStyle", "ISO, MDY");
        let mut now = told.clone();
        now.set("TimeZone", "Asia/Tokyo");
        let mut expected = BytesMut::new();
        wire::parameter(&mut expected, "TimeZone", "Asia/Tokyo");
        let mut out = BytesMut::new();
        now.tell(&mut told, &mut out);
        now.tell(&mut told, &mut out);
        assert_eq!(out, expected);
        assert_eq!(now.get("timezone"), Some(("TimeZone", "Asia/Tokyo")));
    }
}
