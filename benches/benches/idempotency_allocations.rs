//! What the cases of the area `idempotency` allocate.

use mainstay_benches::{Allocations, count_allocations, idempotency};

fn main() -> std::io::Result<()> {
    count_allocations(&idempotency::AREA, |operation| {
        let counted = allocation_counter::measure(operation);
        Allocations { count: counted.count_total, bytes: counted.bytes_total }
    })
}
