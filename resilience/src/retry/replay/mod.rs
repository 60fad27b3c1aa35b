//! A request's body that can be sent again.

mod body;
mod error;
mod reading;
mod recording;
mod tape;

#[cfg(not(mainstay_loom))]
#[cfg(test)]
mod tests;

pub use body::ReplayBody;
pub use error::ReplayError;
pub(super) use recording::Recording;
