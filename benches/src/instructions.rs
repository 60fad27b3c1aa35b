use crate::{Area, Operation};

/// Rounds before counting starts: what is made once is made, and the allocator has what it needs.
const WARM_UP: u64 = 100;
/// Rounds that are counted.
pub(crate) const ROUNDS: u32 = 100;

/// The contender, warmed up: the set-up of a bench that counts instructions.
///
/// # Panics
///
/// If the area has no such case or contender.
pub fn warm(area: &Area, case: &str, who: &str) -> Operation {
    let (_, contender) = area.find(case, who).expect("the case and the contender are in the area");
    let mut operation = (contender.prepare)();
    operation.restore();
    operation.run(WARM_UP);
    operation.restore();
    operation
}

/// What is counted. The operation is given back so that its end is not.
#[must_use]
pub fn count_instructions(mut operation: Operation) -> Operation {
    operation.run(u64::from(ROUNDS));
    operation
}
