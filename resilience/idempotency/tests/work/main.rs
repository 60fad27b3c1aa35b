//! Effects that are run once, whatever happens to those who run them. Time is paused.

#![cfg(test)]

mod faulty;
mod law;
mod owner;
mod queue;
mod run;
