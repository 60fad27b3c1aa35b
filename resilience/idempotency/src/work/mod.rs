mod begun;
mod done;
mod error;
mod grant;
mod idempotent;
mod owner;
mod pending;
mod settings;

pub use self::begun::Begun;
pub use self::done::Done;
pub use self::error::{NotRun, NotStored, RunError};
pub use self::grant::Grant;
pub use self::idempotent::Idempotent;
pub use self::owner::Owner;
pub use self::settings::AfterFailure;
