//! Idempotency stores under workers that are killed, paused and cut off, and what their histories
//! must look like then.
//!
//! # A round
//!
//! Some seconds, in which eight processes or more use one store at the same time: they claim keys,
//! have effects, renew, complete and release; they stop half-way, come back later than their lease
//! allows, give up on answers, and repeat calls with the same nonce. Meanwhile
//!
//! - workers are killed (`SIGKILL`) and replaced,
//! - workers are stopped for longer than their lease (`SIGSTOP`), and then go on,
//! - connections are cut in the middle of an answer, by a proxy between workers and the server,
//! - requests are kept back by it, up to twice as long as a lease, and are then delivered although
//!   nobody waits for them any more,
//! - the server is killed and started again with the same data. Redis has `appendfsync always`,
//!   PostgreSQL its defaults. `SQLite` is a file that all workers open: there is no server, no
//!   proxy, and only workers are killed and stopped.
//!
//! Every effect is a line in an append-only file, on disk before the worker goes on. On PostgreSQL
//! and `SQLite` a quarter of the keys is used in transactions instead (`begin`, an effect in a table
//! of the same database, `complete`). When all workers are dead and their leases have ended, each
//! key is asked for once more.
//!
//! ```text
//! cargo test -p mainstay-idempotency-harness
//! cargo run -p mainstay-idempotency-harness -- --store redis --seconds 120 --seed 7
//! ```
//!
//! The second ends with failure if a law was broken, and says on which key and with which history.
//!
//! # What is checked
//!
//! | | |
//! |---|---|
//! | I1 | one completion for each epoch of a key |
//! | I2 | all replays are the same, and of an effect that has happened |
//! | I3 | fences rise, and none is granted twice: across takeover, release, expiry and restarts |
//! | I4 | what an owner asks for changes nothing after another has been granted the key, or after it was completed |
//! | I5 | in transactions, effects are completions, and one at most for each key |
//! | I6 | the dead delay nobody for longer than their lease |
//! | the fence | a resource that refuses lower fences than the highest it has seen takes one effect with the fence of the completion, and none after it |
//! | linearizable | of each key alone: there is an order of all calls that explains all answers |
//!
//! The order is looked for by `todc-utils` (Wing, Gong and Lowe). In it a call takes place between
//! question and answer; one that was not answered takes place at any time later, or never; and one
//! that took so long that a lease could end may have been done twice, as stores repeat calls whose
//! connection was cut. A claim is taken over if the lease can have ended by then, and refused if it
//! can have lasted: all processes share one monotonic clock, and the limits of a lease are known
//! from when it was asked for and when it was granted, to 5 ms.
//!
//! No verdict depends on how fast the machine is: a slow one has fewer operations and wider limits.
//! A seed fixes what is done and in which order; when each thing happens, it does not.
//!
//! # What it cannot see
//!
//! - All processes and the server are on one machine with one clock. Clocks that differ or step are
//!   what the conformance suite of `mainstay-idempotency` is for.
//! - A killed server has written to the system what it has acknowledged, whether or not it waited
//!   for the disk: that flushes are missing only a loss of power would show.
//! - There is one server: nothing fails over, and no network is split between servers.
//! - Keys with too many possible orders are given up and counted as undecided. The other laws are
//!   checked on them as well.
//! - A round is a sample: what needs a rarer coincidence needs more and longer rounds.

mod check;
mod flawed;
mod hex;
mod history;
mod round;
mod settings;
mod worker;

pub use self::check::Violation;
pub use self::flawed::Flaw;
pub use self::round::{Failed, Settings, StoreKind, Summary, run};
pub use self::worker::work;
