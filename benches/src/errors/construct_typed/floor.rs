#[derive(Clone, Copy, Debug, thiserror::Error)]
enum OrderError {
    #[error("order {id} not in {table}")]
    NotFound { id: u64, table: &'static str },

    #[error("order has no lines")]
    Empty,
}

#[derive(Clone, Copy, Debug, thiserror::Error)]
enum ShippingError {
    #[error(transparent)]
    Order(#[from] OrderError),

    #[error("no truck takes {weight} kg")]
    TooHeavy { weight: u64 },
}

/// The id of the order that was not found.
pub(super) fn there_and_back(id: u64) -> Option<u64> {
    match weight(id).err()? {
        ShippingError::Order(OrderError::NotFound { id, .. }) => Some(id),
        ShippingError::Order(OrderError::Empty) | ShippingError::TooHeavy { .. } => None,
    }
}

#[inline(never)]
fn weight(id: u64) -> Result<u64, ShippingError> {
    match lines_of(id)? * 3 {
        weight @ 21.. => Err(ShippingError::TooHeavy { weight }),
        weight => Ok(weight),
    }
}

#[inline(never)]
fn lines_of(id: u64) -> Result<u64, OrderError> {
    match id {
        0 => Err(OrderError::Empty),
        1..10 => Ok(id),
        _ => Err(OrderError::NotFound { id, table: "orders_2026" }),
    }
}
