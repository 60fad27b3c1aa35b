//! Effects that are run once, whatever happens to those who run them. Time is paused.

#![cfg(test)]

mod faulty;
mod owner;
mod queue;
mod run;
