//! The payment simulator: a gateway that keeps its charges, and misbehaves when it is told to.
//!
//! It is what the reference service charges, inside its process or out of it, and the ground
//! truth of the end-to-end tests: `GET /charges` says how often money really moved, whatever the
//! service believes.

mod config;
mod error;
mod faults;
mod ledger;
mod routes;
mod run;
mod seen;

pub use config::PaymentsConfig;
pub use error::PaymentsError;
pub use faults::{Booking, Dice, Fate, Faults, FaultsChange, OutOfRange};
pub use ledger::{Answer, Charge, ChargeRequest, Ledger, LedgerError};
pub use routes::router;
pub use run::run;
pub use seen::{Seen, SeenHeaders};
