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
//! - connections are cut by it when a `COMMIT` passes: before it arrives, when it is answered, or at
//!   once, while it arrives up to a lease later,
//! - the server is killed and started again with the same data. Redis has `appendfsync always`,
//!   PostgreSQL its defaults. `SQLite` is a file that all workers open: there is no server, no
//!   proxy, and only workers are killed and stopped.
//!
//! Every effect is a line in an append-only file, on disk before the worker goes on. On PostgreSQL
//! and `SQLite` a third of the keys is used in this way. Another third is used in transactions
//! (`begin`, an effect in a table of the same database, `complete`), and the rest in two: the claim
//! is made in the first (`join`, `keep`), the effect follows, and the claim is completed in the
//! second with a row in that table (`complete_in`). Where a commit is not answered the store is
//! asked what has become of it (`settle`), and now and then where it is. A quarter of all keys is
//! not taken over from owners whose lease has ended. When all workers are dead and their leases
//! have ended, each key is asked for once more.
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
//! | I5 | in transactions, effects are completions, and one at most for each key; what was said to be rolled back has none |
//! | I6 | the dead delay nobody for longer than their lease |
//! | the fence | a resource that refuses lower fences than the highest it has seen takes one effect with the fence of the completion, and none after it |
//! | linearizable | of each key alone: there is an order of all calls that explains all answers |
//!
//! The order is looked for by `todc-utils` (Wing, Gong and Lowe). In it a call takes place between
//! question and answer. One that was not answered takes place later, until nothing of it is on its
//! way any more, or never: the proxy, the stops and the restarts say how long they have kept it, and
//! a server is given most of a second more than the longest time that something has slept too long.
//! Redis repeats calls whose connection was cut, so that there one that took so long that a lease
//! could end may have been done twice. A claim is taken over if the lease can have ended by then, and
//! refused if it can have lasted: all processes share one monotonic clock, and the limits of a lease
//! are known from when it was asked for and when it was granted, to 5 ms. Of what was said to have
//! come to nothing, nothing takes place afterwards. That a key is busy, with more time left than a
//! lease has, says nothing of who has it, if something else was done with it at the time.
//!
//! No verdict depends on how fast the machine is: a slow one has fewer operations and wider limits.
//! A seed fixes what each worker would do with the keys that it is given, if all answers were the
//! same, and in which order harm is done. When each thing happens, what it meets, and so what comes
//! next, it does not fix: a round cannot be repeated, only one of the same kind begun.
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
