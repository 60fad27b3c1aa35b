//! What the cases of the area `breaker` allocate.

use mainstay_benches::{Allocations, breaker, count_allocations};

fn main() -> std::io::Result<()> {
    count_allocations(&breaker::AREA, |operation| {
        let counted = allocation_counter::measure(operation);
        Allocations { count: counted.count_total, bytes: counted.bytes_total }
    })
}
