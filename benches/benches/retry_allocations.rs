//! What the cases of the area `retry` allocate.

use mainstay_benches::{Allocations, count_allocations, retry};

fn main() -> std::io::Result<()> {
    count_allocations(&retry::AREA, |operation| {
        let counted = allocation_counter::measure(operation);
        Allocations { count: counted.count_total, bytes: counted.bytes_total }
    })
}
