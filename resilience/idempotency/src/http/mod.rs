//! The layer around HTTP and gRPC services.

mod attempt;
mod body;
mod cleanup;
mod collect;
mod config;
mod detach;
mod event;
mod flight;
mod future;
mod key_header;
mod layer;
mod record;
mod refused;
mod replay;
mod respond;
mod run;
mod service;
mod settle;
mod work;

pub use self::attempt::Attempt;
pub use self::body::IdempotencyBody;
pub use self::config::{KeyRule, OnOutage};
pub use self::event::Event;
pub use self::future::IdempotencyFuture;
pub use self::key_header::key_of;
pub use self::layer::{IdempotencyLayer, Unscoped};
pub use self::refused::{IdempotencyError, Refused, RefusedKind};
pub use self::respond::{Respond, RespondFuture, RespondService};
pub use self::service::IdempotencyService;
pub use self::settle::{Ending, Settle};
