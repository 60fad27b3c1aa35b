//! Claim, effect and answer in one transaction.

mod backend;
mod begun;
mod joined;
mod run;
mod settled;
#[expect(clippy::module_inception, reason = "the folder is about it, the file is it")]
mod tx;
mod watch;

pub(crate) use backend::{Backend, Connection, Opened};
pub use begun::Begun;
pub(crate) use begun::{begin, join};
pub use joined::Joined;
pub(crate) use run::run;
pub use settled::Settled;
pub(crate) use settled::settle;
pub use tx::Tx;
pub use watch::Watch;
