use anyhow::Error;

use super::{OrderError, lines_of};

pub(super) fn there_and_back(id: u64) -> Option<OrderError> {
    let error = weight(id).err()?;
    error.downcast().ok()
}

#[inline(never)]
fn weight(id: u64) -> Result<u64, Error> {
    Ok(lines_of(id)? * 3)
}
