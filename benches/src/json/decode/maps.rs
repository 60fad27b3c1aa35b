use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::Read;

/// What carries labels of the users' own. The maps are trees, as a hash map's instructions do not
/// repeat.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Maps {
    items: Vec<Item>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Item {
    id: String,
    labels: BTreeMap<String, String>,
}

impl Read for Maps {
    fn example() -> Bytes {
        let label = |nth: u32| move |at: u32| (format!("label-{at}"), format!("value-{nth}"));
        let item =
            |nth: u32| Item { id: format!("i-{nth}"), labels: (0..6).map(label(nth)).collect() };
        let maps = Self { items: (0..27).map(item).collect() };
        serde_json::to_vec(&maps).expect("it serialises").into()
    }
}
