use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::json::escaped;
use crate::orders::model::Violations;
use crate::orders::model::rules::Wrong;

const DUPLICATE: Wrong = Wrong { reason: "DUPLICATE", detail: "must not be there twice" };
/// How deep an order goes: itself, its lines, a line. What is deeper is not known here at all.
const DEEPEST: usize = 3;

/// Notes members that an object has twice. Parsers disagree about which of them counts, so that a
/// proxy in front of the service might have checked the other one.
pub(super) fn note(body: &[u8], wrong: &mut Violations) {
    let mut reader = serde_json::Deserializer::from_slice(body);
    // It fails for nothing that reading the body does not fail for.
    let _ = Walk { place: Place::Whole, depth: 0, wrong }.deserialize(&mut reader);
}

/// Where a value is. It becomes a pointer only when something is wrong there.
#[derive(Clone, Copy)]
enum Place<'p> {
    Whole,
    Member(&'p Place<'p>, &'p str),
    Element(&'p Place<'p>, usize),
}

struct Walk<'p, 'w> {
    place: Place<'p>,
    depth: usize,
    wrong: &'w mut Violations,
}

impl Place<'_> {
    fn pointer(&self) -> String {
        match self {
            Self::Whole => String::new(),
            Self::Member(parent, name) => format!("{}/{}", parent.pointer(), escaped(name)),
            Self::Element(parent, at) => format!("{}/{at}", parent.pointer()),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        if self.depth == DEEPEST {
            return reader.deserialize_ignored_any(IgnoredAny).map(drop);
        }
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            let place = Place::Member(&self.place, &name);
            if names.contains(&name) {
                self.wrong.body(place.pointer(), DUPLICATE);
            }
            members.next_value_seed(Walk { place, depth: self.depth + 1, wrong: self.wrong })?;
            names.insert(name);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        for at in 0.. {
            let place = Place::Element(&self.place, at);
            let walk = Walk { place, depth: self.depth + 1, wrong: self.wrong };
            if elements.next_element_seed(walk)?.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}
