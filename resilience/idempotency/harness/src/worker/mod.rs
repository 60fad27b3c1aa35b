//! A process that does with a store what a service does, and worse.

mod attempt;
mod dice;
mod joined;
mod recorder;
mod settle;
mod target;
mod transact;
mod work;

pub use self::work::work;
