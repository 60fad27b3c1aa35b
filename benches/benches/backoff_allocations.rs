//! What the cases of the area `backoff` allocate.

use mainstay_benches::{Allocations, backoff, count_allocations};

fn main() -> std::io::Result<()> {
    count_allocations(&backoff::AREA, |operation| {
        let counted = allocation_counter::measure(operation);
        Allocations { count: counted.count_total, bytes: counted.bytes_total }
    })
}
