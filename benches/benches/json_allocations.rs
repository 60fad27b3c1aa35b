//! What the cases of the area `json` allocate.

use mainstay_benches::{Allocations, count_allocations, json};

fn main() -> std::io::Result<()> {
    count_allocations(&json::AREA, |operation| {
        let counted = allocation_counter::measure(operation);
        Allocations { count: counted.count_total, bytes: counted.bytes_total }
    })
}
