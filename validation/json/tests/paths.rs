//! Pointers against the paths of `serde_path_to_error`, where that has one.

#![cfg(test)]

use std::collections::BTreeMap;
use std::fmt::Write;

use mainstay_json::{Limits, from_slice};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use serde_path_to_error::Segment;

#[derive(Debug, Serialize, Deserialize)]
struct Order {
    id: u32,
    note: Option<String>,
    lines: Vec<Line>,
    labels: BTreeMap<String, (u8, bool)>,
    ship: Ship,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    sku: String,
    quantity: Quantity,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(try_from = "u16")]
struct Quantity(u16);

impl TryFrom<u16> for Quantity {
    type Error = &'static str;

    fn try_from(value: u16) -> Result<Self, Self::Error> {
        if value < 1000 { Ok(Self(value)) } else { Err("too many") }
    }
}

#[derive(Debug, Serialize, Deserialize)]
enum Ship {
    Pickup,
    Address { street: String, zip: [u8; 2] },
    Post(Vec<Line>),
}

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let line = ("[a-z]{0,3}", 0_u16..1000)
        .prop_map(|(sku, quantity)| Line { sku, quantity: Quantity(quantity) });
    vec(line, 0..4)
}

fn orders() -> impl Strategy<Value = Order> {
    let ship = prop_oneof![
        Just(()).prop_map(|()| Ship::Pickup),
        ("[a-z]{0,3}", any::<[u8; 2]>()).prop_map(|(street, zip)| Ship::Address { street, zip }),
        lines().prop_map(Ship::Post),
    ];
    let labels = btree_map("[a-z~/ü]{1,3}", any::<(u8, bool)>(), 0..3);
    (any::<u32>(), proptest::option::of("[a-z]{0,3}"), lines(), labels, ship)
        .prop_map(|(id, note, lines, labels, ship)| Order { id, note, lines, labels, ship })
}

/// Puts something else in the place of the value of this number, or removes it from its object.
fn spoil(value: &mut Value, number: &mut Option<usize>, with: Option<&Value>) {
    match (number.as_mut(), with) {
        (None, _) => return,
        (Some(0), Some(with)) => {
            *value = with.clone();
            *number = None;
            return;
        }
        (Some(number), _) => *number = number.saturating_sub(1),
    }
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(|it| spoil(it, number, with)),
        Value::Object(members) => {
            let names: Vec<String> = members.keys().cloned().collect();
            for name in names {
                if *number == Some(0) && with.is_none() {
                    members.remove(&name);
                    *number = None;
                }
                if let Some(member) = members.get_mut(&name) {
                    spoil(member, number, with);
                }
            }
        }
        _ => {}
    }
}

fn by_path_to_error(input: &str) -> Option<String> {
    let mut json = serde_json::Deserializer::from_str(input);
    let error = serde_path_to_error::deserialize::<_, Order>(&mut json).err()?;
    let mut pointer = String::new();
    for segment in error.path() {
        let token = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
            Segment::Enum { variant } => variant.clone(),
            Segment::Unknown => return None,
        };
        write!(pointer, "/{token}").unwrap();
    }
    Some(pointer)
}

proptest! {
    #[test]
    fn the_same_place(order in orders(), number in 0_usize..40, what in 0_usize..7, pretty: bool) {
        let with = [
            None,
            Some(json!(null)),
            Some(json!("x")),
            Some(json!(70_000)),
            Some(json!(1500)),
            Some(json!([])),
            Some(json!({})),
        ];
        let mut value = serde_json::to_value(&order).unwrap();
        spoil(&mut value, &mut Some(number), with[what].as_ref());
        let input = if pretty { format!("{value:#}") } else { value.to_string() };
        match from_slice::<Order>(input.as_bytes(), &Limits::new()) {
            Ok(_) => prop_assert!(serde_json::from_str::<Order>(&input).is_ok()),
            Err(error) => {
                prop_assert!(value.pointer(error.pointer()).is_some(), "{error} in {input}");
                if let Some(pointer) = by_path_to_error(&input) {
                    prop_assert_eq!(error.pointer(), pointer, "{} in {}", error, input);
                }
            }
        }
    }
}
