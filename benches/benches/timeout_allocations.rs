//! What the cases of the area `timeout` allocate.

use mainstay_benches::{Allocations, count_allocations, timeout};

fn main() -> std::io::Result<()> {
    count_allocations(&timeout::AREA, |operation| {
        let counted = allocation_counter::measure(operation);
        Allocations { count: counted.count_total, bytes: counted.bytes_total }
    })
}
