use std::fmt;

use jiff::Timestamp;
use serde::de::{Deserialize, Deserializer, Error};
use serde::{Serialize, Serializer};
use uuid::{Uuid, Version};

/// An order's id: a `UUIDv7`, so that ids sort by the time they were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OrderId(Uuid);

impl OrderId {
    /// How many bytes an id has.
    pub const LEN: usize = 16;

    /// A new id.
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }

    /// Takes an id from the wire, in the hyphenated form.
    pub fn parse(text: &str) -> Option<Self> {
        let id = Uuid::parse_str(text).ok()?;
        let is_hyphenated = text.len() == uuid::fmt::Hyphenated::LENGTH;
        (is_hyphenated && id.get_version() == Some(Version::SortRand)).then_some(Self(id))
    }

    /// The id with these bytes.
    pub fn from_bytes(bytes: [u8; Self::LEN]) -> Option<Self> {
        let id = Uuid::from_bytes(bytes);
        (id.get_version() == Some(Version::SortRand)).then_some(Self(id))
    }

    /// The id's bytes.
    pub fn as_bytes(&self) -> &[u8; Self::LEN] {
        self.0.as_bytes()
    }

    /// When the id was made, to the millisecond: the order has no other time of creation, so that
    /// the two orders of sorting never differ.
    pub fn created_at(&self) -> Timestamp {
        let millis = self.0.get_timestamp().map_or(0, |at| {
            let (seconds, nanos) = at.to_unix();
            seconds.saturating_mul(1000).saturating_add(u64::from(nanos / 1_000_000))
        });
        Timestamp::from_millisecond(i64::try_from(millis).unwrap_or(i64::MAX)).unwrap_or_default()
    }
}

impl Default for OrderId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.as_hyphenated(), f)
    }
}

impl<'de> Deserialize<'de> for OrderId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("no order's id"))
    }
}

impl Serialize for OrderId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hyphenated_uuids_of_version_7_are_ids() {
        let id = OrderId::new();
        assert_eq!(OrderId::parse(&id.to_string()), Some(id));
        assert_eq!(OrderId::parse(&id.to_string().to_uppercase()), Some(id));
        for wrong in [
            "",
            "7",
            "019a8c1e4f6b7c3d8e9f0a1b2c3d4e5f",
            "{019a8c1e-4f6b-7c3d-8e9f-0a1b2c3d4e5f}",
            "c232ab00-9414-41e8-a6c0-1f1c3a2b4d5e",
            "00000000-0000-0000-0000-000000000000",
        ] {
            assert_eq!(OrderId::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_id_knows_when_it_was_made() {
        let id = OrderId::parse("017f22e2-79b0-7cc3-98c4-dc0c0c07398f").unwrap();
        assert_eq!(id.created_at().to_string(), "2022-02-22T19:22:22Z");
    }
}
