//! The standard library's own box.

use std::error::Error;

use super::{OrderError, lines_of};

pub(super) fn there_and_back(id: u64) -> Option<OrderError> {
    let error = weight(id).err()?;
    error.downcast().ok().map(|error| *error)
}

#[inline(never)]
fn weight(id: u64) -> Result<u64, Box<dyn Error + Send + Sync>> {
    Ok(lines_of(id)? * 3)
}
