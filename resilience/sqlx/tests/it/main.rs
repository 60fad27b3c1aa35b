//! What the stores promise, on a real file and a real server.

#![cfg(test)]

mod conformance;
mod fences;
mod http;
mod kept;
mod loss;
mod migrate;
mod postgres;
mod processes;
mod rows;
mod sqlite;
mod support;
mod transaction;
