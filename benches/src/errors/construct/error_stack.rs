//! Its report has no way to take a context out by value, so it is read in place and copied, which
//! costs this one nothing.

use error_stack::Report;

use super::{OrderError, lines_of};

pub(super) fn there_and_back(id: u64) -> Option<OrderError> {
    let report = weight(id).err()?;
    report.downcast_ref().copied()
}

#[inline(never)]
fn weight(id: u64) -> Result<u64, Report<OrderError>> {
    Ok(lines_of(id)? * 3)
}
